// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/bus/clock.hpp"

#include <algorithm>

namespace ntferry::vmm {
namespace {

__extension__ using Wide = unsigned __int128;

} // namespace

Timer::Timer(Clock& clock, std::function<void()> expired) : clock_(clock), expired_(std::move(expired)) {}

Timer::~Timer() {
    cancel();
}

void Timer::arm(Nanoseconds at) {
    const Nanoseconds before = clock_.next_deadline();
    if (armed())
        clock_.erase(*this);
    deadline_ = at;
    if (at != never)
        clock_.insert(*this);
    if (clock_.next_deadline() != before)
        clock_.deadline_changed();
}

void Timer::cancel() {
    if (!armed())
        return;
    // The sleeper may wake once too often; that is cheaper than telling it.
    clock_.erase(*this);
    deadline_ = never;
}

void Clock::insert(Timer& timer) {
    const auto later = [&](const Timer* other) {
        return other->deadline_ > timer.deadline_; // equal ones are older, so they come first
    };
    queue_.insert(std::partition_point(queue_.begin(), queue_.end(), later), &timer);
}

void Clock::erase(const Timer& timer) {
    queue_.erase(std::find(queue_.begin(), queue_.end(), &timer));
}

Nanoseconds Clock::next_deadline() const {
    return queue_.empty() ? never : queue_.back()->deadline_;
}

void Clock::run_expired() {
    while (!queue_.empty()) {
        Timer* timer = queue_.back();
        if (timer->deadline_ > now())
            return;
        queue_.pop_back();
        timer->deadline_ = never;
        timer->expired_();
    }
}

void ManualClock::advance(Nanoseconds by) {
    const Nanoseconds target = now_ + by;
    while (next_deadline() <= target) {
        now_ = std::max(now_, next_deadline());
        run_expired();
    }
    now_ = target;
}

Nanoseconds ticks_to_ns(std::uint64_t ticks, std::uint64_t hertz) {
    return static_cast<Nanoseconds>(static_cast<Wide>(ticks) * nanoseconds_per_second / hertz);
}

std::uint64_t ns_to_ticks(Nanoseconds ns, std::uint64_t hertz) {
    return static_cast<std::uint64_t>(static_cast<Wide>(ns) * hertz / nanoseconds_per_second);
}

} // namespace ntferry::vmm
