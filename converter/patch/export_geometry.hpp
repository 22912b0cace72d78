// For other hypervisors: boot sectors and partition table rewritten for the geometry that their BIOS reports.
//
// Our own machine reproduces the geometry that a disk was written with; nothing is rewritten for it. Others
// have their own translation, and MBR code, boot sector and NTLDR of NT 4.0 know nothing but CHS (KB
// Q224526). SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/block/device.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace ntferry::patch {

struct TargetGeometry {
    std::uint32_t heads = 255;  ///< 1 to 255
    std::uint32_t sectors = 63; ///< per track, 1 to 63
    bool operator==(const TargetGeometry&) const = default;
};

/// What SeaBIOS, VMware and Hyper-V report for an IDE disk: 63 sectors and as few of 16, 32, 64, 128 or 255
/// heads as 1024 cylinders need (LBA assist).
TargetGeometry lba_assist_geometry(std::uint64_t disk_bytes);

struct GeometryRewrite {
    std::vector<std::string> changes;  ///< one line each, with sector and old and new value
    std::vector<std::string> problems; ///< what NTLDR cannot reach under the new geometry
};

/// Rewrites the CHS values of every partition entry (extended chains too) and heads and sectors in the boot
/// sectors, with their copies. Starts, lengths, signatures and hidden sectors stay.
/// @param write false: only says what it would do
/// @throws Error for a geometry out of range, a disk without partitions, or a failed write
GeometryRewrite rewrite_geometry(block::SharedBlockDevice disk, const TargetGeometry& target, bool write);

} // namespace ntferry::patch
