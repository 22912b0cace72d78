// Sleeper: where one thread sleeps until a time or until another thread wakes it.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A condition variable would do, but it marks the machine lock as contended each time, and the lock is then
// given back by a system call: an idle NT does that a hundred times a second.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace ntferry::vmm {

/// Two states: awake, asleep. All calls but sleep_until() are under the lock that guards what the sleeper
/// waits for.
class Sleeper {
  public:
    using Clock = std::chrono::steady_clock;

    /// From here on wake() counts, also before sleep_until() is called.
    void prepare() { asleep_.store(1, std::memory_order_relaxed); }
    bool asleep() const { return asleep_.load(std::memory_order_relaxed) != 0; }
    /// Without the lock, after prepare(): returns when woken, when the time has come, and now and then for no
    /// reason. Clock::time_point::max() is never.
    void sleep_until(Clock::time_point at);
    /// Does nothing when nobody sleeps.
    void wake();

  private:
    std::atomic<std::uint32_t> asleep_{0};
};

} // namespace ntferry::vmm
