// A profile, and a machine resolved with it, as text for people and golden tests.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "profiles/machine.hpp"
#include "profiles/profile.hpp"

#include <string>

namespace ntferry::profiles {

/// Processor, chipset and devices with their places: what a guest would find. The machine ABI.
std::string print_hardware(const Profile& profile);
/// Hardware, limits, patch defaults, reasons.
std::string print_profile(const Profile& profile);
/// Hardware with the machine's own settings, and what is attached to it.
std::string print_machine(Profile profile, const MachineDescription& machine);

/// What a machine may use beyond the defaults, in words; empty: nothing is limited.
std::string limits_text(const ResourceSpec& resources);

} // namespace ntferry::profiles
