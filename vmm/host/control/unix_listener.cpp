// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/host/control/unix_listener.hpp"

#include "converter/base/error.hpp"

#include <cerrno>
#include <cstring>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace ntferry::vmm {
namespace {

constexpr int BACKLOG = 16;

sockaddr_un address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof address.sun_path)
        throw Error(path, "no name for a socket",
                    "at most " + std::to_string(sizeof address.sun_path - 1) + " bytes", ErrorKind::usage);
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    return address;
}

bool somebody_listens(const sockaddr_un& address) {
    const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (probe < 0)
        return false;
    const int result = ::connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    // EAGAIN: the backlog is full, so there is a listener.
    const bool listens = result == 0 || errno == EAGAIN;
    ::close(probe);
    return listens;
}

} // namespace

UnixListener::UnixListener(std::string path) : path_(std::move(path)) {
    const sockaddr_un address = address_of(path_);
    if (somebody_listens(address))
        throw Error(path_, "another process listens here",
                    "give this machine another name, or stop the other one");
    struct stat there {};
    if (::lstat(path_.c_str(), &there) == 0 && S_ISSOCK(there.st_mode))
        ::unlink(path_.c_str());
    descriptor_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor_ < 0)
        throw SystemError(path_, "make a socket", errno);
    // Nobody can connect between bind() and listen(), so the mode is there in time.
    if (::bind(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        const int number = errno;
        ::close(descriptor_);
        throw SystemError(path_, "make the socket", number);
    }
    if (::chmod(path_.c_str(), 0600) != 0 || ::listen(descriptor_, BACKLOG) != 0) {
        const int number = errno;
        ::unlink(path_.c_str());
        ::close(descriptor_);
        throw SystemError(path_, "listen", number);
    }
}

UnixListener::~UnixListener() {
    ::unlink(path_.c_str());
    ::close(descriptor_);
}

int UnixListener::accept() const {
    return ::accept4(descriptor_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

} // namespace ntferry::vmm
