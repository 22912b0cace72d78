// WakeTimer: gets a thread out of the guest at a given time.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <ctime>

namespace ntferry::vmm {

/// A POSIX timer that sends the kick signal to the thread that created it.
class WakeTimer {
  public:
    using Clock = std::chrono::steady_clock;

    WakeTimer() = default;
    ~WakeTimer();
    WakeTimer(const WakeTimer&) = delete;
    WakeTimer& operator=(const WakeTimer&) = delete;

    /// By the thread that is to be woken. @throws SystemError
    void create(int signal);
    /// Wakes at that time plus slack, or earlier. Does nothing when it is set so already.
    void wake_by(Clock::time_point at, std::chrono::nanoseconds slack);

  private:
    timer_t timer_{};
    bool created_ = false;
    Clock::time_point armed_ = Clock::time_point::max();
};

} // namespace ntferry::vmm
