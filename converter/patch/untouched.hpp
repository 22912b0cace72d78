// The rest of the disk: that patching changed the files of the plan, the metadata that describes them, and
// nothing else.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/patch/plan.hpp"
#include "converter/patch/volumes.hpp"

#include <string>
#include <vector>

namespace ntferry::patch {

/// Compares what an overlay stores with the capture below it, sector by sector, and asks the file systems
/// whose the sectors are that differ: MFT records by name, bitmap bits and FAT entries by the clusters they
/// stand for, the entries of a directory one by one.
/// @return a line for each disk with an overlay
/// @throws Error that names the first sector or entry that the plan does not account for
std::vector<std::string> verify_untouched(const Plan& plan, Volumes& before, Volumes& after);

} // namespace ntferry::patch
