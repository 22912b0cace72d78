// The INT 13h geometry that a disk was written under, recovered from what is on it.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/volume/bpb.hpp"
#include "converter/volume/mbr.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace ntferry::volume {

enum class GeometryConfidence : std::uint8_t {
    none,    ///< no evidence at all: 255 heads, 63 sectors assumed
    likely,  ///< one kind of evidence, or the evidence disagrees and the best-supported value was taken
    certain, ///< BPB and partition table agree and nothing contradicts
};

struct Geometry {
    std::uint32_t heads = 255;      ///< 1 to 256
    std::uint32_t sectors = 63;     ///< per track, 1 to 63
    std::uint32_t cylinders = 1024; ///< min(1024, size / (heads * sectors)), at least 1
    GeometryConfidence confidence = GeometryConfidence::none;
    std::vector<std::string> evidence; ///< what supports it: "partition 1: BPB says 240 heads, 63 sectors"
    std::vector<std::string> contradictions; ///< what speaks against it, in the same words
};

/// The BPB of one partition.
struct PartitionBpb {
    unsigned partition = 0; ///< Partition::index
    Bpb bpb;
};

/// The rule of the firmware's AH=08 answer: BPB heads and sectors, end-CHS of the entries and every (CHS,
/// LBA) pair vote; saturated addresses (1023/254/63 and beyond) do not. NT's boot code computes with exactly
/// this.
Geometry recover_geometry(const DiskLayout& layout, const std::vector<PartitionBpb>& bpbs);

/// The same with the boot sectors read from the disk; unreadable ones are left out.
Geometry recover_geometry(block::BlockDevice& disk, const DiskLayout& layout);

} // namespace ntferry::volume
