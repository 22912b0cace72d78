// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/host/net/tap_net.hpp"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace ntferry::vmm::net {

TapNet::TapNet(const std::string& device, const NetHost& host) : device_(device) {
    if (device.empty() || device.size() >= IFNAMSIZ)
        throw Error("bridge", "say which tap device", "tap=NAME, at most 15 characters", ErrorKind::usage);
    descriptor_ = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
    if (descriptor_ < 0)
        throw SystemError("/dev/net/tun", "cannot open", errno, "load the tun module or use another network");
    host_network_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (!take_device()) {
        const int error = errno;
        close(host_network_);
        close(descriptor_);
        throw SystemError(device, "cannot open the tap device", error,
                          "make it for this user: ip tuntap add dev " + device + " mode tap user NAME");
    }
    const int fd = descriptor_;
    reader_ = std::make_unique<ReaderThread>(
        device, fd, [fd](MutableByteView out) { return static_cast<long>(read(fd, out.data(), out.size())); },
        queue_, host, ReaderThread::Turn{}, [this] { return take_device(); });
}

/// Both descriptors belong to the network namespace they were opened in, so this works from inside an own
/// one. A device that is not there is not made: it would be connected with nothing. False with errno.
bool TapNet::take_device() const {
    ifreq request{};
    std::copy(device_.begin(), device_.end(), request.ifr_name);
    if (ioctl(host_network_, SIOCGIFINDEX, &request) < 0)
        return false;
    request = {};
    std::copy(device_.begin(), device_.end(), request.ifr_name);
    request.ifr_flags = IFF_TAP | IFF_NO_PI;
    return ioctl(descriptor_, TUNSETIFF, &request) == 0;
}

TapNet::~TapNet() {
    reader_.reset();
    close(host_network_);
    close(descriptor_);
}

void TapNet::send_frame(ByteView frame) {
    // A bridge without room drops; so would a switch.
    [[maybe_unused]] const ssize_t written = write(descriptor_, frame.data(), frame.size());
}

void TapNet::receive_ready() {
    const bool was_full = queue_.full();
    queue_.drain();
    if (was_full && !queue_.full())
        reader_->wake();
}

} // namespace ntferry::vmm::net
