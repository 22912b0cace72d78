// IoBudget: how fast the disks of one machine may be, all together.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>

namespace ntferry::vmm {

/// A token bucket for bytes and operations, whichever holds back longer. Shared by the threads of all disks.
class IoBudget {
  public:
    using Time = std::chrono::steady_clock::time_point;

    /// @param bytes_per_second, operations_per_second 0: as fast as it goes
    IoBudget(std::uint64_t bytes_per_second, std::uint32_t operations_per_second)
        : bytes_per_second_(bytes_per_second), operations_per_second_(operations_per_second) {}

    /// Takes what an operation of that many bytes costs. Returns when it may begin: not after now, or later.
    Time take(std::size_t bytes, Time now = std::chrono::steady_clock::now()) {
        constexpr double ns = 1e9;
        double cost = 0;
        if (bytes_per_second_ != 0)
            cost = static_cast<double>(bytes) * ns / static_cast<double>(bytes_per_second_);
        if (operations_per_second_ != 0)
            cost = std::max(cost, ns / operations_per_second_);
        const std::lock_guard<std::mutex> held(lock_);
        next_ = std::max(next_, now - burst);
        const Time at = next_;
        next_ += std::chrono::nanoseconds(static_cast<std::int64_t>(cost));
        return at;
    }

  private:
    /// How much may be done at once after a pause, as time.
    static constexpr std::chrono::milliseconds burst{100};

    const std::uint64_t bytes_per_second_;
    const std::uint32_t operations_per_second_;
    std::mutex lock_;
    Time next_{};
};

} // namespace ntferry::vmm
