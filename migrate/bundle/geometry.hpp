// INT 13h geometries that a disk may have been written with.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/block/device.hpp"
#include "profiles/machine.hpp"

#include <vector>

namespace ntferry::bundle {

/// The best first: what the evidence on the disk says, what the boot sector of the active partition says
/// (NT's boot code computes with that), then what controllers of the time used. Never empty, none twice.
std::vector<profiles::DiskGeometry> geometry_candidates(block::BlockDevice& disk);

} // namespace ntferry::bundle
