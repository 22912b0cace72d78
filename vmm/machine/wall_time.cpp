// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/machine/wall_time.hpp"

#include <ctime>

namespace ntferry::vmm {

std::int64_t wall_time(bool local) {
    const std::time_t now = std::time(nullptr);
    if (!local)
        return now;
    std::tm broken_down{};
    ::localtime_r(&now, &broken_down);
    return static_cast<std::int64_t>(now) + broken_down.tm_gmtoff;
}

} // namespace ntferry::vmm
