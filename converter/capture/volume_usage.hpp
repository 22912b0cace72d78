// What the parsers of one file system's allocation tables return.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/block/device.hpp"
#include "converter/capture/ranges.hpp"
#include "converter/volume/bpb.hpp"

#include <string>

namespace ntferry::capture {

struct VolumeUsage {
    std::string file_system;
    bool clean = true; ///< shut down cleanly: the tables on the disk are the whole truth
    SkipList skips;    ///< offsets from the start of the volume
    std::string note;  ///< something worth telling, may be empty
};

/// @param volume the partition; bounds every access
/// @throws Error naming what is damaged, ReadError where the disk is; the volume is copied whole then
VolumeUsage ntfs_usage(block::BlockDevice& volume, const volume::Bpb& bpb);
VolumeUsage fat_usage(block::BlockDevice& volume, const volume::Bpb& bpb);

/// Adds free and page file ranges, each ascending, as one ascending list without overlaps.
void merge_skips(SkipList& out, const std::vector<Skip>& free, std::vector<Skip> page_file);

} // namespace ntferry::capture
