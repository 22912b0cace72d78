// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/machine/wake_timer.hpp"

#include "converter/base/error.hpp"

#include <cerrno>
#include <csignal>
#include <unistd.h>

namespace ntferry::vmm {

WakeTimer::~WakeTimer() {
    if (created_)
        ::timer_delete(timer_);
}

void WakeTimer::create(int signal) {
    sigevent event{};
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = signal;
    event._sigev_un._tid = ::gettid();
    if (::timer_create(CLOCK_MONOTONIC, &event, &timer_) != 0)
        throw SystemError("timer", "timer_create", errno);
    created_ = true;
}

void WakeTimer::wake_by(Clock::time_point at, std::chrono::nanoseconds slack) {
    // One that is set for earlier and has not come yet will do; one in the past has fired. With slack it is
    // put off instead: coming early is what the slack is to avoid.
    if (slack.count() != 0) {
        at += slack;
        if (armed_ == at)
            return;
    } else if (armed_ == at || (armed_ < at && armed_ > Clock::now())) {
        return;
    }
    armed_ = at;
    const auto ns = std::chrono::duration_cast<std::chrono::nanoseconds>(at.time_since_epoch()).count();
    itimerspec when{};
    when.it_value.tv_sec = static_cast<std::time_t>(ns / 1'000'000'000);
    when.it_value.tv_nsec = static_cast<long>(ns % 1'000'000'000);
    if (ns <= 0)
        when.it_value.tv_nsec = 1;
    ::timer_settime(timer_, TIMER_ABSTIME, &when, nullptr);
}

} // namespace ntferry::vmm
