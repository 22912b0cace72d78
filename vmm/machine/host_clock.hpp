// HostClock: virtual time that follows the host's monotonic clock and stands still while the machine does.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "vmm/bus/clock.hpp"

#include <chrono>
#include <functional>

namespace ntferry::vmm {

class HostClock final : public Clock {
  public:
    using Host = std::chrono::steady_clock;

    /// Starts stopped, at 0.
    Nanoseconds now() const override { return running_ ? host_ns() - origin_ : frozen_; }
    void start() {
        if (!running_)
            origin_ = host_ns() - frozen_;
        running_ = true;
    }
    void stop() {
        frozen_ = now();
        running_ = false;
    }
    /// For a loaded state, while stopped.
    void set(Nanoseconds now) { frozen_ = now; }
    bool running() const { return running_; }
    /// When a virtual time comes on the host's clock; only while running.
    Host::time_point host_time(Nanoseconds at) const {
        // Far enough for never, near enough not to overflow.
        constexpr Nanoseconds far = Nanoseconds{1} << 60U;
        return Host::time_point(std::chrono::nanoseconds(origin_ + std::min(at, far)));
    }
    /// Called when the earliest deadline changed.
    std::function<void()> on_deadline_changed;

  private:
    static Nanoseconds host_ns() {
        return std::chrono::duration_cast<std::chrono::nanoseconds>(Host::now().time_since_epoch()).count();
    }
    void deadline_changed() override {
        if (on_deadline_changed)
            on_deadline_changed();
    }
    bool running_ = false;
    Nanoseconds origin_ = 0;
    Nanoseconds frozen_ = 0;
};

} // namespace ntferry::vmm
