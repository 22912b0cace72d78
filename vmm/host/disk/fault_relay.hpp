// FaultRelay: carries a disk's faults to whoever watches the machine, who comes after the disks.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "vmm/host/disk/worker_disk.hpp"

namespace ntferry::vmm {

/// Any thread. Without a listener faults are lost; the disk stays stalled.
class FaultRelay {
  public:
    /// Nothing ends it; returns when no call is under way.
    void listen(std::function<void(const DiskFault&)> listener) {
        const std::lock_guard<std::mutex> held(lock_);
        listener_ = std::move(listener);
    }
    void tell(const DiskFault& fault) {
        const std::lock_guard<std::mutex> held(lock_);
        if (listener_)
            listener_(fault);
    }

  private:
    std::mutex lock_;
    std::function<void(const DiskFault&)> listener_;
};

} // namespace ntferry::vmm
