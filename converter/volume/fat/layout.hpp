// Where the parts of a FAT volume lie.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/volume/bpb.hpp"

#include <cstdint>

namespace ntferry::volume::fat {

/// Offsets in bytes from the start of the volume. Clusters are numbered from 2.
struct Layout {
    explicit Layout(const Bpb& bpb)
        : kind(bpb.kind), cluster_size(bpb.cluster_size()), cluster_count(bpb.cluster_count),
          fat_offset(std::uint64_t{bpb.reserved_sectors} * bpb.bytes_per_sector),
          fat_size(std::uint64_t{bpb.fat_sectors} * bpb.bytes_per_sector), fat_count(bpb.fat_count),
          root_offset(fat_offset + fat_size * fat_count), root_entries(bpb.root_entries),
          data_offset(root_offset + (std::uint64_t{root_entries} * 32U + bpb.bytes_per_sector - 1) /
                                        bpb.bytes_per_sector * bpb.bytes_per_sector),
          end(data_offset + cluster_count * cluster_size), root_cluster(bpb.root_cluster) {}

    FileSystemKind kind;
    std::uint32_t cluster_size;
    std::uint64_t cluster_count;
    std::uint64_t fat_offset;
    std::uint64_t fat_size; ///< of one copy
    std::uint32_t fat_count;
    std::uint64_t root_offset;  ///< FAT12 and FAT16: the fixed root directory
    std::uint32_t root_entries; ///< 0 on FAT32
    std::uint64_t data_offset;  ///< cluster 2
    std::uint64_t end;          ///< after the last cluster
    std::uint32_t root_cluster; ///< FAT32

    bool valid(std::uint32_t cluster) const { return cluster >= 2 && cluster - 2 < cluster_count; }
    std::uint64_t cluster_offset(std::uint32_t cluster) const {
        return data_offset + std::uint64_t{cluster - 2} * cluster_size;
    }
};

} // namespace ntferry::volume::fat
