// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/machine/sleeper.hpp"

#include <ctime>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace ntferry::vmm {

static_assert(sizeof(std::atomic<std::uint32_t>) == sizeof(std::uint32_t), "the kernel looks at the word");

void Sleeper::sleep_until(Clock::time_point at) {
    timespec when{};
    const timespec* until = nullptr;
    if (at != Clock::time_point::max()) {
        const auto ns = std::chrono::duration_cast<std::chrono::nanoseconds>(at.time_since_epoch()).count();
        when.tv_sec = static_cast<std::time_t>(ns / 1'000'000'000);
        when.tv_nsec = static_cast<long>(ns % 1'000'000'000);
        until = &when;
    }
    // The time is absolute on CLOCK_MONOTONIC, which is what steady_clock reads.
    if (asleep_.load(std::memory_order_acquire) != 0)
        ::syscall(SYS_futex, &asleep_, FUTEX_WAIT_BITSET_PRIVATE, 1, until, nullptr, FUTEX_BITSET_MATCH_ANY);
    asleep_.store(0, std::memory_order_relaxed);
}

void Sleeper::wake() {
    if (asleep_.exchange(0, std::memory_order_release) != 0)
        ::syscall(SYS_futex, &asleep_, FUTEX_WAKE_PRIVATE, 1);
}

} // namespace ntferry::vmm
