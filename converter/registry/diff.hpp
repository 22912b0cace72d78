// Semantic difference of two hives: keys and values, whatever cells they lie in.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/registry/hive.hpp"

#include <optional>
#include <string>
#include <vector>

namespace ntferry::registry {

/// One difference. Without a value name it is about a key. before and after say which side has it.
struct HiveChange {
    std::string key;                  ///< path from the root
    std::optional<std::string> value; ///< value name
    std::optional<Value> before;      ///< values only
    std::optional<Value> after;
    bool key_added = false;
    bool key_removed = false;
    std::string describe() const; ///< one line
};

/// Differences in key order, names compared without case. A key that only one side has is one entry, what
/// lies below it further ones.
/// @throws Error for a hive that refers to itself
std::vector<HiveChange> diff_hives(const Hive& before, const Hive& after);

} // namespace ntferry::registry
