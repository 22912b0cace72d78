// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/host/serial/char_backends.hpp"

#include "vmm/host/serial/tty_line.hpp"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <iostream>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

namespace ntferry::vmm {
namespace {

using Lock = std::shared_ptr<std::mutex>;
using Made = std::unique_ptr<CharBackend>;

Made stdio(const Lock& lock) {
    return std::make_unique<DescriptorLine>(
        DescriptorLine::Ends{.input = STDIN_FILENO, .output = STDOUT_FILENO, .close = false}, lock);
}

Made file(const std::string& path, const Lock& lock) {
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0)
        throw SystemError(path, "create", errno);
    return std::make_unique<DescriptorLine>(DescriptorLine::Ends{.output = fd}, lock);
}

Made pty(const Lock& lock) {
    const int fd = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    char name[128] = {};
    if (fd < 0 || ::grantpt(fd) != 0 || ::unlockpt(fd) != 0 || ::ptsname_r(fd, name, sizeof(name)) != 0)
        throw SystemError("serial line", "open a pseudo terminal", errno);
    ::fcntl(fd, F_SETFL, O_NONBLOCK);
    // Kept open on our side, too, so that the line survives a terminal program that leaves.
    const int slave = ::open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (slave >= 0) {
        termios settings{};
        if (::tcgetattr(slave, &settings) == 0) {
            ::cfmakeraw(&settings);
            ::tcsetattr(slave, TCSANOW, &settings);
        }
    }
    std::cerr << "ntferry-vmm: serial line at " << name << std::endl;
    return std::make_unique<DescriptorLine>(DescriptorLine::Ends{.input = fd, .output = fd}, lock);
}

Made listening(int fd, const std::string& where, const Lock& lock) {
    if (::listen(fd, 1) != 0) {
        const int error = errno;
        ::close(fd);
        throw SystemError(where, "listen", error);
    }
    return std::make_unique<DescriptorLine>(DescriptorLine::Ends{.listener = fd}, lock);
}

Made unix_socket(const std::string& path, const Lock& lock) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof(address.sun_path))
        throw Error(path, "socket path is too long", "at most 107 characters", ErrorKind::usage);
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        throw SystemError(path, "socket", errno);
    if (std::filesystem::is_socket(path))
        ::unlink(path.c_str());
    if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
        const int error = errno;
        ::close(fd);
        throw SystemError(path, "bind", error);
    }
    return listening(fd, path, lock);
}

Made tcp(const std::string& where, const Lock& lock) {
    const std::size_t colon = where.rfind(':');
    if (colon == std::string::npos)
        throw Error(where, "not HOST:PORT", {}, ErrorKind::usage);
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_PASSIVE;
    addrinfo* found = nullptr;
    const std::string host = where.substr(0, colon);
    if (const int error =
            ::getaddrinfo(host.empty() ? nullptr : host.c_str(), where.c_str() + colon + 1, &hints, &found);
        error != 0)
        throw Error(where, ::gai_strerror(error), {}, ErrorKind::usage);
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
    const int fd = ::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        throw SystemError(where, "socket", errno);
    const int on = 1;
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (::bind(fd, found->ai_addr, found->ai_addrlen) != 0) {
        const int error = errno;
        ::close(fd);
        throw SystemError(where, "bind", error);
    }
    return listening(fd, where, lock);
}

} // namespace

std::unique_ptr<CharBackend> make_char_backend(const std::string& spec, const std::string& folder,
                                               const std::shared_ptr<std::mutex>& machine_lock) {
    const std::size_t colon = spec.find(':');
    const std::string kind = spec.substr(0, colon);
    std::string rest = colon == std::string::npos ? std::string() : spec.substr(colon + 1);
    if (kind != "tcp" && !rest.empty() && rest.front() != '/' && !folder.empty())
        rest = (std::filesystem::path(folder) / rest).string();
    std::signal(SIGPIPE, SIG_IGN); // a client that leaves is no reason to end the machine
    if (spec == "none")
        return nullptr;
    if (spec == "stdio")
        return stdio(machine_lock);
    if (spec == "pty")
        return pty(machine_lock);
    if (kind == "file" && !rest.empty())
        return file(rest, machine_lock);
    if (kind == "unix" && !rest.empty())
        return unix_socket(rest, machine_lock);
    if (kind == "tcp" && !rest.empty())
        return tcp(rest, machine_lock);
    if (kind == "device" && !rest.empty())
        return TtyLine::open(rest, machine_lock);
    throw Error(spec, "no such line",
                "allowed: none, stdio, pty, file:PATH, unix:PATH, tcp:HOST:PORT, device:PATH",
                ErrorKind::usage);
}

} // namespace ntferry::vmm
