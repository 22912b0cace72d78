// The CHS geometry in a VHD footer: its rule, and disk sizes on which every VHD reader agrees.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

namespace ntferry::block::vhd {

constexpr std::uint32_t sector_size = 512;

struct Geometry {
    std::uint16_t cylinders = 0;
    std::uint8_t heads = 0;
    std::uint8_t sectors_per_track = 0;

    /// Bytes that this geometry addresses.
    std::uint64_t bytes() const { return std::uint64_t{cylinders} * heads * sectors_per_track * sector_size; }
    bool operator==(const Geometry&) const = default;
};

/// The largest geometry; writers store it for disks that CHS cannot describe.
constexpr Geometry max_geometry{65535, 16, 255};

/// The geometry of a disk with this many sectors (VHD specification 1.0, appendix "CHS calculation").
/// It may address fewer sectors than the disk has.
Geometry geometry_for(std::uint64_t sectors);

/// The smallest disk of at least this many bytes whose size is the product of its geometry, so that readers
/// that trust CHS (Virtual PC, Virtual Server, QEMU) and readers that trust the size field (Hyper-V, libvhdi)
/// see the same disk. Above the largest geometry (127.5 GiB): the size rounded up to whole sectors.
std::uint64_t round_to_geometry(std::uint64_t bytes);

} // namespace ntferry::block::vhd
