// The boot chain of NT 4.0, walked as the machine will: MBR, boot sector, NTLDR, boot.ini, kernel and HAL,
// SYSTEM hive, drivers in their order. Nothing is written, nothing is run. SPDX-License-Identifier:
// GPL-3.0-or-later
#pragma once

#include "converter/check/verdict.hpp"
#include "converter/patch/subject.hpp"
#include "profiles/profile.hpp"

#include <cstdint>
#include <optional>

namespace ntferry::check {

/// What INT 13h AH=08 will answer for the first disk.
struct BiosGeometry {
    std::uint32_t heads = 255;
    std::uint32_t sectors = 63;
    /// First sector that INT 13h without extensions cannot reach.
    std::uint64_t limit() const { return std::uint64_t{1024} * heads * sectors; }
};

struct CheckOptions {
    /// Nothing: what the machine recovers from the disk itself.
    std::optional<BiosGeometry> geometry;
};

/// Walks as far as it can; what is broken early does not hide what is broken later.
/// @throws block::ReadError for a medium that cannot be read
Verdict check_boot_chain(patch::Subject& subject, const profiles::Profile& profile,
                         const CheckOptions& options = {});

} // namespace ntferry::check
