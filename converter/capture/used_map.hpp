// UsedMap: what of a disk matters. Partition tables, boot areas and gaps always do; of NTFS and FAT volumes
// only the clusters in use, without the contents of pagefile.sys.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/block/device.hpp"
#include "converter/capture/ranges.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace ntferry::capture {

/// A partition as the map saw it.
struct MappedVolume {
    unsigned number = 0; ///< as messages count: 1 is the first in the table
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
    std::string file_system;          ///< "NTFS 1.2", "FAT16"; empty when not understood
    std::string copied_whole_because; ///< empty when free space is skipped
    std::uint64_t free_bytes = 0;
    std::uint64_t page_file_bytes = 0;
};

struct UsedMap {
    SkipList skips;
    std::vector<MappedVolume> volumes;
    std::vector<std::string> notes; ///< lines worth telling
};

struct UsedMapOptions {
    /// Skip free space also where a volume was not shut down cleanly. Its log may still give space to files.
    bool trust_dirty = false;
};

/// Reads the tables of the disk. Never fails because of what is on the disk: what cannot be read or
/// understood is not skipped. @throws Error only when the device itself is gone
UsedMap build_used_map(block::BlockDevice& disk, const UsedMapOptions& options = {});

} // namespace ntferry::capture
