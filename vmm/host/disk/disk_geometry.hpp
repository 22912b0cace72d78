// The INT 13h geometry a disk was written with, as far as its partition table tells.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/block/device.hpp"

#include <cstdint>
#include <optional>

namespace ntferry::vmm {

struct GuessedGeometry {
    std::uint32_t cylinders = 0;
    std::uint32_t heads = 0;
    std::uint32_t sectors = 0;
};

/// From the partitions in the MBR: as a rule they end on a cylinder boundary, so the last head and
/// sector of one are those of the disk; all of them must fit. Nothing when they disagree or say nothing. For
/// disks that come without a machine.xml; a migrated disk's geometry is known exactly.
std::optional<GuessedGeometry> guess_geometry(block::BlockDevice& disk);

} // namespace ntferry::vmm
