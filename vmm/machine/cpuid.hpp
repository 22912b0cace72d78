// CPUID of a profile, masked by what the host can do.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "profiles/profile.hpp"
#include "vmm/kvm/vcpu.hpp"

#include <vector>

namespace ntferry::vmm {

/// The leaves of one processor. Nothing of the host shows but missing features.
/// @param host_features EDX of leaf 1 that the host's KVM supports
std::vector<kvm::CpuidEntry> cpuid_leaves(const profiles::CpuModel& model, std::uint32_t host_features,
                                          unsigned apic_id, unsigned cpus);

} // namespace ntferry::vmm
