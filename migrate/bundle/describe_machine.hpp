// The machine.xml of a converted server, from what was found on it.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/nt/inspection.hpp"
#include "converter/patch/workspace.hpp"
#include "profiles/machine.hpp"
#include "profiles/profile.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace ntferry::bundle {

struct DescribedMachine {
    profiles::MachineDescription machine;
    std::vector<std::string> notes; ///< what was decided and why, a line each
};

/// @param memory bytes; 0: /MAXMEM of boot.ini, else the profile's default
/// @throws Error (decision) when the server has more disks than the machine takes
DescribedMachine describe_machine(const nt::Inspection& inspection, const profiles::Profile& profile,
                                  const patch::Workspace& workspace, std::uint64_t memory,
                                  const std::string& fallback_name);

/// MAC address of a card: NetworkAddress where the administrator had set one, else a locally administered one
/// that stays the same for the same server and card.
std::array<std::uint8_t, 6> mac_address(const std::string& network_address, const std::string& computer,
                                        unsigned card);

} // namespace ntferry::bundle
