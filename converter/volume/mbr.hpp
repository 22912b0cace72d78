// The partition table as NT 4.0 reads it: MBR, extended chains, ARC partition numbers.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/block/device.hpp"
#include "converter/volume/chs.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ntferry::volume {

/// Partition types that matter to NT 4.0 (KB Q151414, Q102873).
enum PartitionType : std::uint8_t {
    type_empty = 0x00,
    type_fat12 = 0x01,
    type_fat16_small = 0x04,
    type_extended = 0x05,
    type_fat16_huge = 0x06,
    type_ntfs_hpfs = 0x07,
    type_extended_lba = 0x0F, ///< not known to NT 4.0
    type_compaq_diagnostics = 0x12,
    type_gpt_protective = 0xEE,
    type_ft_bit = 0x80,      ///< member of a fault-tolerant set, with one of the types above
    type_ft_disabled = 0xC0, ///< member of a set that FTDISK has disabled
};

struct Partition {
    unsigned index = 0;      ///< position in DiskLayout::partitions
    unsigned arc_number = 0; ///< N of partition(N) in boot.ini, from 1; 0: NT 4.0 gives it none
    std::uint8_t type = 0;
    bool active = false;
    std::uint64_t start_lba = 0; ///< absolute, 512-byte sectors
    std::uint64_t sectors = 0;
    Chs start_chs; ///< as stored
    Chs end_chs;   ///< as stored
    bool logical = false;
    unsigned slot = 0;         ///< 0 to 3, entry of the table it stands in
    std::uint64_t ebr_lba = 0; ///< sector of that table; 0 for the MBR

    std::uint64_t offset() const { return start_lba * 512U; }
    std::uint64_t bytes() const { return sectors * 512U; }
    /// Type 05 or 0F: holds logical drives, is not a volume itself.
    bool is_extended() const { return type == type_extended || type == type_extended_lba; }
    bool is_ft_member() const;
    /// Type without the fault-tolerance bits.
    std::uint8_t base_type() const;
    /// NT 4.0 mounts it: FAT or NTFS, FT members included.
    bool known_to_nt4() const;
};

/// A run of sectors that no partition and no partition table covers.
struct Gap {
    std::uint64_t start_lba = 0;
    std::uint64_t sectors = 0;
    bool operator==(const Gap&) const = default;
};

struct DiskLayout {
    std::uint32_t signature = 0; ///< at 0x1B8; 0: none yet
    std::uint64_t disk_sectors = 0;
    std::uint32_t mbr_checksum =
        0; ///< ARC disk checksum: two's complement of the sum of the 128 u32 of the MBR
    std::vector<Partition> partitions; ///< MBR entries in table order, then logical drives in chain order
    std::vector<Gap> gaps;             ///< ascending
    std::vector<std::string> problems; ///< what is wrong with the table, one line each; reading goes on

    const Partition* by_arc_number(unsigned number) const;
    const Partition* active() const;
};

/// What a partition type is called: "NTFS", "Compaq diagnostics", "FAT16, fault-tolerant set member".
std::string partition_type_name(std::uint8_t type);

/// Reads the table of a disk. Chains that loop, leave the disk or never end are cut off and told in problems.
/// @throws Error for a disk without a table, a volume without one ("superfloppy") and GPT (unsupported)
DiskLayout read_layout(block::BlockDevice& disk);

/// A partition as a device of its own. @throws Error when it does not lie inside the disk
block::SharedBlockDevice open_partition(const block::SharedBlockDevice& disk, const Partition& partition);

} // namespace ntferry::volume
