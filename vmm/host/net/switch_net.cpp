// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/host/net/switch_net.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>

#include <dirent.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace ntferry::vmm::net {
namespace {

constexpr std::size_t stations_maximum = 1024;
constexpr std::size_t ports_maximum = 256;
constexpr std::size_t pending_maximum = 512;
constexpr auto refresh_interval = std::chrono::milliseconds(500);
constexpr int socket_buffer = 1 << 20;
constexpr std::string_view suffix = ".port";

/// Sockets are addressed through the folder's descriptor: names stay short and a renamed folder does not
/// matter.
sockaddr_un address_of(int folder, const std::string& port, const std::string& where) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::string path = fmt::format("/proc/self/fd/{}/{}{}", folder, port, suffix);
    if (access("/proc/self/fd", F_OK) != 0) // behind walls on a host that allows no own /proc
        path = fmt::format("{}/{}{}", where, port, suffix);
    if (path.size() >= sizeof address.sun_path)
        throw Error(where, fmt::format("the port name '{}' is too long", port), "at most 64 characters",
                    ErrorKind::usage);
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    return address;
}

bool someone_listens(const sockaddr_un& address) {
    const int probe = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (probe < 0)
        return true;
    const bool alive = connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    close(probe);
    return alive;
}

} // namespace

SwitchNet::SwitchNet(const std::string& folder, const std::string& port, const NetHost& host)
    : folder_(std::filesystem::absolute(folder).string()), own_(port) {
    if (port.empty() || port.find('/') != std::string::npos || port[0] == '.')
        throw Error("switch", fmt::format("'{}' is not a port name", port), "port=NAME without slashes",
                    ErrorKind::usage);
    folder_descriptor_ = open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (folder_descriptor_ < 0)
        throw SystemError(folder, "cannot use the folder of the switch", errno,
                          "make it: mkdir -m 700 " + folder);
    try {
        socket_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (socket_ < 0)
            throw SystemError(folder, "cannot make a socket", errno);
        const sockaddr_un address = address_of(folder_descriptor_, own_, folder_);
        const auto* raw = reinterpret_cast<const sockaddr*>(&address);
        if (bind(socket_, raw, sizeof address) != 0) {
            if (errno != EADDRINUSE || someone_listens(address))
                throw Error(folder, fmt::format("port '{}' of the switch is taken", own_),
                            "give this machine another port");
            unlink(address.sun_path);
            if (bind(socket_, raw, sizeof address) != 0)
                throw SystemError(folder, "cannot make port " + own_, errno);
        }
        setsockopt(socket_, SOL_SOCKET, SO_SNDBUF, &socket_buffer, sizeof socket_buffer);
        setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &socket_buffer, sizeof socket_buffer);
        reader_ = std::make_unique<ReaderThread>(
            "switch", socket_, [this](MutableByteView out) { return read_frame(out); }, queue_, host,
            [this] { return send_pending(); });
    } catch (...) {
        if (socket_ >= 0)
            close(socket_);
        close(folder_descriptor_);
        throw;
    }
}

SwitchNet::~SwitchNet() {
    reader_.reset();
    unlinkat(folder_descriptor_, (own_ + std::string(suffix)).c_str(), 0);
    close(socket_);
    close(folder_descriptor_);
}

/// Under the machine lock, as everything here.
long SwitchNet::read_frame(MutableByteView out) {
    sockaddr_un from{};
    socklen_t length = sizeof from;
    const ssize_t received =
        recvfrom(socket_, out.data(), out.size(), 0, reinterpret_cast<sockaddr*>(&from), &length);
    if (received < static_cast<ssize_t>(header_length))
        return received < 0 ? -1 : 0;
    // The last part of the sender's name is its port; a sender without a name is not one of ours.
    from.sun_path[sizeof from.sun_path - 1] = 0;
    const std::string path = length > offsetof(sockaddr_un, sun_path) ? from.sun_path : "";
    const auto slash = path.rfind('/');
    if (slash == std::string::npos || !path.ends_with(suffix))
        return 0;
    const std::string port = path.substr(slash + 1, path.size() - slash - 1 - suffix.size());
    MacAddress source{};
    std::copy(out.begin() + 6, out.begin() + 12, source.begin());
    if (!is_multicast(source) && (stations_.contains(source) || stations_.size() < stations_maximum))
        stations_[source] = port;
    return received;
}

void SwitchNet::refresh_ports() {
    const auto now = std::chrono::steady_clock::now();
    if (now - refreshed_ < refresh_interval)
        return;
    refreshed_ = now;
    const int copy = openat(folder_descriptor_, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (copy < 0)
        return;
    const std::unique_ptr<DIR, decltype([](DIR* dir) { closedir(dir); })> dir(fdopendir(copy));
    if (!dir) {
        close(copy);
        return;
    }
    ports_.clear();
    while (const dirent* entry = readdir(dir.get())) { // NOLINT(concurrency-mt-unsafe): a stream of our own
        const std::string_view name = entry->d_name;
        if (!name.ends_with(suffix) || ports_.size() == ports_maximum)
            continue;
        std::string port(name.substr(0, name.size() - suffix.size()));
        if (port != own_)
            ports_.push_back(std::move(port));
    }
}

/// False when the port's socket is full.
bool SwitchNet::try_send(const std::string& port, ByteView frame) {
    const sockaddr_un address = address_of(folder_descriptor_, port, folder_);
    const ssize_t sent = sendto(socket_, frame.data(), frame.size(), MSG_DONTWAIT,
                                reinterpret_cast<const sockaddr*>(&address), sizeof address);
    return sent >= 0 || (errno != EAGAIN && errno != ENOBUFS); // nobody there: lost, as on a wire
}

void SwitchNet::send_to(const std::string& port, ByteView frame) {
    // Behind one that waits for the same port nothing may overtake.
    const bool waits =
        std::any_of(pending_.begin(), pending_.end(), [&](const auto& item) { return item.first == port; });
    if (!waits && try_send(port, frame))
        return;
    if (pending_.size() == pending_maximum)
        return;
    pending_.emplace_back(port, Bytes(frame.begin(), frame.end()));
    if (pending_.size() == 1)
        reader_->wake();
}

/// True while frames still wait.
bool SwitchNet::send_pending() {
    std::string blocked;
    for (auto item = pending_.begin(); item != pending_.end();) {
        if (item->first != blocked && try_send(item->first, item->second)) {
            item = pending_.erase(item);
            continue;
        }
        blocked = item->first;
        ++item;
    }
    return !pending_.empty();
}

void SwitchNet::send_frame(ByteView frame) {
    if (frame.size() < header_length)
        return;
    MacAddress destination{};
    std::copy(frame.begin(), frame.begin() + 6, destination.begin());
    if (!is_multicast(destination))
        if (const auto known = stations_.find(destination); known != stations_.end())
            return send_to(known->second, frame);
    refresh_ports();
    for (const std::string& port : ports_)
        send_to(port, frame);
}

void SwitchNet::receive_ready() {
    const bool was_full = queue_.full();
    queue_.drain();
    if (was_full && !queue_.full())
        reader_->wake();
}

} // namespace ntferry::vmm::net
