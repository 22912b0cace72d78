// Hardware profiles: sets of devices that NT leaves alone, chosen at start.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/registry/hive.hpp"

#include <string>
#include <vector>

namespace ntferry::nt {

struct HardwareProfile {
    unsigned number = 0; ///< 1 for "Hardware Profiles\0001"
    std::string name;    ///< "Original Configuration"
    bool current = false;
    /// Services that CSConfigFlags disables in this profile, as Control Panel, Devices, HW Profiles does.
    std::vector<std::string> disabled;
};

/// The profiles of a control set, by number. "Current" is an alias and left out.
std::vector<HardwareProfile> read_hardware_profiles(const registry::Hive& system,
                                                    const std::string& control_set);

} // namespace ntferry::nt
