// Control sets: which of them NT may boot from.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/registry/hive.hpp"

#include <string>
#include <vector>

namespace ntferry::nt {

struct ControlSet {
    unsigned number = 0;
    std::string path; ///< "ControlSet001"
    bool current = false;
    bool is_default = false;
    bool last_known_good = false;
    bool failed = false;
    bool present = false;
    /// NT may start from it: every change has to be made in it.
    bool bootable() const { return present && (current || is_default || last_known_good); }
};

struct ControlSets {
    std::vector<ControlSet> sets; ///< by number: named by Select or present
    std::string active;           ///< path of the one that the next boot uses: Select\Default
    std::vector<std::string> problems;
};

ControlSets read_control_sets(const registry::Hive& system);

} // namespace ntferry::nt
