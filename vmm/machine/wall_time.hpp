// Wall-clock time for the guest's CMOS clock.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

namespace ntferry::vmm {

/// Seconds since 1970-01-01 00:00 as a clock on the wall shows them: local time or UTC.
std::int64_t wall_time(bool local);

} // namespace ntferry::vmm
