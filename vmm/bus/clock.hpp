// Clock: virtual time and deadlines. Devices ask it, never the host.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <vector>

namespace ntferry::vmm {

/// Virtual nanoseconds since the machine was powered on; stands still while it is stopped.
using Nanoseconds = std::int64_t;
inline constexpr Nanoseconds nanoseconds_per_second = 1'000'000'000;
inline constexpr Nanoseconds never = std::numeric_limits<Nanoseconds>::max();

class Clock;

/// One deadline of one device. Destroying it cancels it. Lives no longer than its clock.
class Timer {
  public:
    Timer(Clock& clock, std::function<void()> expired);
    ~Timer();
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;

    /// Calls expired() once, at or soon after the given time; replaces an earlier deadline. Of equal ones the
    /// first armed is the first called.
    void arm(Nanoseconds at);
    void cancel();
    bool armed() const { return deadline_ != never; }
    Nanoseconds deadline() const { return deadline_; }

  private:
    friend class Clock;
    Clock& clock_;
    std::function<void()> expired_;
    Nanoseconds deadline_ = never;
};

/// Virtual time with a queue of deadlines. Not thread-safe: used under the machine lock.
class Clock {
  public:
    Clock() = default;
    Clock(const Clock&) = delete;
    Clock& operator=(const Clock&) = delete;
    virtual ~Clock() = default;

    virtual Nanoseconds now() const = 0;
    /// The earliest deadline, or never.
    Nanoseconds next_deadline() const;
    /// Calls every timer whose deadline is not after now(). A callback may arm and cancel timers.
    void run_expired();

  protected:
    /// The earliest deadline changed: whoever sleeps until it has to look again.
    virtual void deadline_changed() {}

  private:
    friend class Timer;
    void insert(Timer& timer);
    void erase(const Timer& timer);
    std::vector<Timer*> queue_; ///< latest first: a machine has a dozen
};

/// A clock that tests step by hand.
class ManualClock final : public Clock {
  public:
    Nanoseconds now() const override { return now_; }
    /// Moves time forward, calling each deadline on the way at its own time.
    void advance(Nanoseconds by);

  private:
    Nanoseconds now_ = 0;
};

/// Converts a count of ticks of a frequency to nanoseconds and back without overflow or drift; rounds down.
Nanoseconds ticks_to_ns(std::uint64_t ticks, std::uint64_t hertz);
std::uint64_t ns_to_ticks(Nanoseconds ns, std::uint64_t hertz);

} // namespace ntferry::vmm
