// Model-specific registers that KVM does not know but a processor of a profile has.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>

namespace ntferry::vmm {

/// What RDMSR gives; nothing means #GP, as a real processor answers an MSR it does not have.
std::optional<std::uint64_t> read_msr(std::uint32_t index);
/// Whether WRMSR is taken (and forgotten); false means #GP.
bool write_msr(std::uint32_t index);

} // namespace ntferry::vmm
