// What the guest agent read from the disks it was booted from, and whether that is what a plan promised.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/patch/plan.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace ntferry::test {

/// A registry value as the agent's reader printed it.
struct InsideValue {
    std::uint32_t type = 0;
    std::string data; ///< hexadecimal
};

/// Paths, keys and names are in lower case; paths begin with '\\'.
struct InsideVolume {
    std::map<std::string, std::string> files; ///< path to SHA-256
    /// "system\\select|current"
    std::map<std::string, InsideValue> values;
    std::vector<std::string> boot_ini; ///< lines
};

/// By disk and first sector.
using Inside = std::map<std::pair<unsigned, std::uint64_t>, InsideVolume>;

/// Reads the lines of the agent's check "nt" (tests/agent/checks.sh).
Inside parse_inside(const std::string& serial);

struct Comparison {
    std::size_t values = 0; ///< registry values found as planned, those that had to go included
    std::size_t files = 0;  ///< files found as planned
    std::vector<std::string> wrong;
};

/// Every registry value and every file that the plan changes, against what was read inside.
Comparison compare(const patch::Plan& plan, const Inside& inside);

} // namespace ntferry::test
