// The BIOS parameter block of NTFS and FAT boot sectors: read it, change the fields that booting depends on.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/block/device.hpp"
#include "converter/volume/filesystem.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ntferry::volume {

/// Fields as stored, checked against each other.
struct Bpb {
    FileSystemKind kind = FileSystemKind::ntfs;
    std::string oem;                       ///< 8 characters at 0x03
    std::uint32_t bytes_per_sector = 512;  ///< 512, 1024, 2048 or 4096
    std::uint32_t sectors_per_cluster = 1; ///< a power of two, 1 to 128
    std::uint8_t media = 0xF8;
    std::uint32_t sectors_per_track = 0; ///< INT 13h, 0x18
    std::uint32_t heads = 0;             ///< INT 13h, 0x1A
    std::uint32_t hidden_sectors = 0;    ///< LBA of the partition, 0x1C
    std::uint64_t total_sectors = 0;
    std::uint8_t drive = 0x80;
    std::uint64_t serial = 0; ///< 32 bits on FAT

    std::uint32_t reserved_sectors = 0; ///< FAT
    std::uint32_t fat_count = 0;        ///< FAT
    std::uint32_t root_entries = 0;     ///< FAT12 and FAT16
    std::uint32_t fat_sectors = 0;      ///< FAT: sectors of one copy
    std::uint32_t root_cluster = 0;     ///< FAT32
    std::uint32_t fsinfo_sector = 0;    ///< FAT32; 0 none
    std::uint32_t backup_sector = 0;    ///< FAT32; 0 none
    std::uint64_t cluster_count = 0;    ///< FAT: data clusters; NTFS: clusters

    std::uint64_t mft_cluster = 0;        ///< NTFS
    std::uint64_t mft_mirror_cluster = 0; ///< NTFS
    std::uint32_t mft_record_size = 0;    ///< NTFS: bytes
    std::uint32_t index_block_size = 0;   ///< NTFS: bytes

    std::uint32_t cluster_size() const { return bytes_per_sector * sectors_per_cluster; }
};

/// The BPB in a boot sector (512 bytes or more), or nothing when it is neither NTFS nor FAT. FAT is
/// recognised by its numbers, not by its label text, as FASTFAT does.
std::optional<Bpb> parse_bpb(ByteView sector);

/// What to change; the rest stays.
struct BpbPatch {
    std::optional<std::uint16_t> sectors_per_track;
    std::optional<std::uint16_t> heads;
    std::optional<std::uint32_t> hidden_sectors;
};

/// Changes the fields in a boot sector. @throws Error when it has no BPB
void patch_bpb(MutableByteView sector, const BpbPatch& patch);

/// Sectors of a volume that may hold a copy of the boot sector. NTFS: the last sector of the partition
/// (NT 4.0, KB Q153973) and the middle of the volume (NT 3.x). FAT32: the sector named at 0x32. Others: none.
std::vector<std::uint64_t> backup_boot_sectors(const Bpb& bpb, std::uint64_t partition_sectors);

/// Patches the boot sector of a volume and every true copy (same kind and serial). Returns the sectors
/// written.
std::vector<std::uint64_t> patch_boot_sectors(block::BlockDevice& partition, const BpbPatch& patch);

} // namespace ntferry::volume
