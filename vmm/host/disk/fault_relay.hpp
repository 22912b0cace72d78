// Relay: carries news of disks and networks to whoever watches the machine, who comes after them.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "vmm/host/disk/worker_disk.hpp"

namespace ntferry::vmm {

/// Any thread. Without a listener news are lost.
template <typename News>
class Relay {
  public:
    /// Nothing ends it; returns when no call is under way.
    void listen(std::function<void(const News&)> listener) {
        const std::lock_guard<std::mutex> held(lock_);
        listener_ = std::move(listener);
    }
    void tell(const News& news) {
        const std::lock_guard<std::mutex> held(lock_);
        if (listener_)
            listener_(news);
    }

  private:
    std::mutex lock_;
    std::function<void(const News&)> listener_;
};

/// A disk has stalled, or goes on.
struct DiskNews {
    DiskFault fault; ///< of a cure only the drive
    bool cured = false;
};
/// A network is gone, or is there again.
struct NetworkNews {
    std::size_t network = 0; ///< as in MachineDescription::nics
    bool up = false;
    std::string text; ///< for people
};
using DiskRelay = Relay<DiskNews>;
using NetworkRelay = Relay<NetworkNews>;

} // namespace ntferry::vmm
