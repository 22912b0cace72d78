// QEMU as the engine where this host's KVM cannot run the guest.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "profiles/machine.hpp"
#include "profiles/profile.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace ntferry::vmm {

/// Replaces this program by QEMU with the same machine; returns only by throwing.
/// @param debug_exit as MachineOptions::debug_exit
/// @throws Error when QEMU is not installed
int run_qemu(const profiles::Profile& profile, const profiles::MachineDescription& machine,
             const std::string& folder, std::optional<std::uint16_t> debug_exit);

} // namespace ntferry::vmm
