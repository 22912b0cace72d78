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
        clock_.queue_.erase(this);
    deadline_ = at;
    sequence_ = clock_.next_sequence_++;
    if (at != never)
        clock_.queue_.insert(this);
    if (clock_.next_deadline() != before)
        clock_.deadline_changed();
}

void Timer::cancel() {
    if (!armed())
        return;
    // The sleeper may wake once too often; that is cheaper than telling it.
    clock_.queue_.erase(this);
    deadline_ = never;
}

bool Clock::Order::operator()(const Timer* a, const Timer* b) const {
    return std::pair(a->deadline_, a->sequence_) < std::pair(b->deadline_, b->sequence_);
}

Nanoseconds Clock::next_deadline() const {
    return queue_.empty() ? never : (*queue_.begin())->deadline_;
}

void Clock::run_expired() {
    while (!queue_.empty()) {
        Timer* timer = *queue_.begin();
        if (timer->deadline_ > now())
            return;
        queue_.erase(queue_.begin());
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
