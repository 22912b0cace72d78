// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/volume/mbr.hpp"

#include "converter/volume/bpb.hpp"
#include "converter/volume/partition_device.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

namespace ntferry::volume {
namespace {

constexpr std::size_t table_offset = 0x1BE;
constexpr std::size_t entry_size = 16;
/// NT gives 24 letters; a chain longer than this is an attack or an accident.
constexpr std::size_t max_chain = 256;

using Sector = std::array<std::uint8_t, 512>;

Chs read_chs(ByteView entry, std::size_t offset) {
    const std::uint8_t packed = entry[offset + 1];
    return {static_cast<std::uint16_t>((packed & 0xC0U) << 2U | entry[offset + 2]), entry[offset],
            static_cast<std::uint8_t>(packed & 0x3FU)};
}

/// Entry of a table, start still relative.
Partition read_entry(ByteView sector, unsigned slot) {
    const ByteView entry = slice(sector, table_offset + slot * entry_size, entry_size);
    Partition partition;
    partition.slot = slot;
    partition.active = (entry[0] & 0x80U) != 0;
    partition.start_chs = read_chs(entry, 1);
    partition.type = entry[4];
    partition.end_chs = read_chs(entry, 5);
    partition.start_lba = load_le<std::uint32_t>(entry, 8);
    partition.sectors = load_le<std::uint32_t>(entry, 12);
    return partition;
}

bool has_boot_signature(ByteView sector) {
    return sector[510] == 0x55 && sector[511] == 0xAA;
}

bool table_plausible(ByteView sector) {
    for (unsigned slot = 0; slot < 4; ++slot) {
        const std::uint8_t flag = sector[table_offset + slot * entry_size];
        if ((flag & 0x7FU) != 0)
            return false;
    }
    return true;
}

class LayoutReader {
  public:
    explicit LayoutReader(block::BlockDevice& disk) : disk_(disk) {
        layout_.disk_sectors = disk.size() / 512U;
    }

    DiskLayout read() {
        read_mbr();
        for (std::size_t i = 0, primaries = layout_.partitions.size(); i < primaries; ++i) {
            const Partition container = layout_.partitions[i];
            if (container.is_extended())
                read_chain(container);
        }
        number();
        find_overlaps_and_gaps();
        return std::move(layout_);
    }

  private:
    void problem(std::string line) {
        if (layout_.problems.size() < 64)
            layout_.problems.push_back(std::move(line));
    }

    void read_mbr() {
        if (layout_.disk_sectors == 0)
            throw Error(disk_.name(), "is smaller than one sector");
        Sector sector{};
        disk_.read(0, sector);
        if (!has_boot_signature(sector))
            throw Error(disk_.name(), "has no partition table (sector 0 does not end in 55 AA)",
                        "give the whole disk, not a partition, and not an encrypted or compressed image");
        if (!table_plausible(sector)) {
            if (parse_bpb(sector))
                throw Error(disk_.name(), "is a volume without a partition table",
                            "give the whole disk that NT booted from");
            throw Error(disk_.name(), "has no valid partition table in sector 0");
        }
        layout_.signature = load_le<std::uint32_t>(sector, 0x1B8);
        std::uint32_t sum = 0;
        for (std::size_t i = 0; i < 512; i += 4)
            sum += load_le<std::uint32_t>(sector, i);
        layout_.mbr_checksum = 0U - sum;
        for (unsigned slot = 0; slot < 4; ++slot) {
            Partition partition = read_entry(sector, slot);
            if (partition.type == type_gpt_protective)
                throw Error(disk_.name(), "has a GUID partition table, which NT 4.0 cannot read",
                            "this is not a disk of an NT 4.0 server", ErrorKind::unsupported);
            if (partition.type != type_empty && partition.sectors != 0)
                add(partition);
            else if (partition.type != type_empty)
                problem(fmt::format("MBR entry {} has type {:02X} but no sectors", slot + 1, partition.type));
        }
    }

    void add(Partition partition) {
        partition.index = static_cast<unsigned>(layout_.partitions.size());
        const std::uint64_t end = partition.start_lba + partition.sectors;
        if (end > layout_.disk_sectors)
            problem(fmt::format("partition {} (type {:02X}) ends at sector {} but the disk has {}",
                                partition.index + 1, partition.type, end, layout_.disk_sectors));
        layout_.partitions.push_back(partition);
    }

    /// The chain of one extended partition: each table has at most one drive (relative to itself) and one
    /// link (relative to the extended partition).
    void read_chain(const Partition& container) {
        std::uint64_t ebr = container.start_lba;
        std::set<std::uint64_t> seen;
        while (true) {
            if (ebr >= layout_.disk_sectors) {
                problem(fmt::format("extended partition table at sector {} lies outside the disk", ebr));
                return;
            }
            if (!seen.insert(ebr).second) {
                problem(fmt::format("extended partition chain loops back to sector {}", ebr));
                return;
            }
            if (seen.size() > max_chain || layout_.partitions.size() > max_chain) {
                problem(fmt::format("extended partition chain is longer than {} tables", max_chain));
                return;
            }
            ebrs_.push_back(ebr);
            Sector sector{};
            disk_.read(ebr * 512U, sector);
            if (!has_boot_signature(sector)) {
                problem(fmt::format("extended partition table at sector {} does not end in 55 AA", ebr));
                return;
            }
            std::uint64_t next = 0;
            for (unsigned slot = 0; slot < 4; ++slot)
                read_chain_entry(container, ebr, read_entry(sector, slot), next);
            if (next == 0)
                return;
            ebr = next;
        }
    }

    void read_chain_entry(const Partition& container, std::uint64_t ebr, Partition entry,
                          std::uint64_t& next) {
        if (entry.type == type_empty || entry.sectors == 0)
            return;
        if (entry.is_extended()) {
            if (next == 0)
                next = container.start_lba + entry.start_lba;
            else
                problem(fmt::format("extended partition table at sector {} has two links", ebr));
            return;
        }
        entry.start_lba += ebr;
        entry.logical = true;
        entry.ebr_lba = ebr;
        // NT 4.0 does not follow containers of type 0F: no number for what is inside.
        reachable_.push_back(container.type == type_extended);
        add(entry);
    }

    /// KB Q102873: primaries in table order, then logical drives; only types 05 and 00 are not counted.
    void number() {
        unsigned next = 1;
        std::size_t logical = 0;
        for (Partition& partition : layout_.partitions) {
            const bool counts =
                partition.logical ? bool(reachable_[logical++]) : partition.type != type_extended;
            if (counts)
                partition.arc_number = next++;
        }
    }

    void find_overlaps_and_gaps() {
        struct Range {
            std::uint64_t start;
            std::uint64_t end;
            unsigned index;
        };
        std::vector<Range> ranges{{0, 1, 0}};
        for (const std::uint64_t ebr : ebrs_)
            ranges.push_back({ebr, ebr + 1, 0});
        for (const Partition& p : layout_.partitions)
            if (!p.is_extended())
                ranges.push_back({p.start_lba, p.start_lba + p.sectors, p.index + 1});
        std::sort(ranges.begin(), ranges.end(),
                  [](const Range& a, const Range& b) { return a.start < b.start; });
        std::uint64_t covered = 0;
        unsigned last = 0;
        for (const Range& range : ranges) {
            const std::uint64_t start = std::min(range.start, layout_.disk_sectors);
            if (start > covered)
                layout_.gaps.push_back({covered, start - covered});
            else if (range.start < covered && range.index != 0)
                problem(last == 0 ? fmt::format("partition {} covers a partition table", range.index)
                                  : fmt::format("partitions {} and {} overlap", last, range.index));
            if (range.end > covered) {
                covered = range.end;
                last = range.index;
            }
        }
        if (covered < layout_.disk_sectors)
            layout_.gaps.push_back({covered, layout_.disk_sectors - covered});
    }

    block::BlockDevice& disk_;
    DiskLayout layout_;
    std::vector<std::uint64_t> ebrs_;
    std::vector<bool> reachable_; // one per logical drive
};

} // namespace

bool Partition::is_ft_member() const {
    return type != base_type();
}

std::uint8_t Partition::base_type() const {
    const auto plain = static_cast<std::uint8_t>(type & 0x3FU);
    const bool flagged = (type & 0x80U) != 0;
    const bool kind = plain == type_fat12 || plain == type_fat16_small || plain == type_fat16_huge ||
                      plain == type_ntfs_hpfs;
    return flagged && kind ? plain : type;
}

bool Partition::known_to_nt4() const {
    const std::uint8_t plain = base_type();
    return plain == type_fat12 || plain == type_fat16_small || plain == type_fat16_huge ||
           plain == type_ntfs_hpfs;
}

const Partition* DiskLayout::by_arc_number(unsigned number) const {
    for (const Partition& partition : partitions)
        if (partition.arc_number == number && number != 0)
            return &partition;
    return nullptr;
}

const Partition* DiskLayout::active() const {
    for (const Partition& partition : partitions)
        if (partition.active && !partition.logical)
            return &partition;
    return nullptr;
}

std::string partition_type_name(std::uint8_t type) {
    Partition partition;
    partition.type = type;
    const auto name = [](std::uint8_t plain) -> std::string {
        switch (plain) {
        case type_empty:
            return "empty";
        case type_fat12:
            return "FAT12";
        case type_fat16_small:
            return "FAT16 (below 32 MB)";
        case type_extended:
            return "extended";
        case type_fat16_huge:
            return "FAT16";
        case type_ntfs_hpfs:
            return "NTFS";
        case 0x0B:
        case 0x0C:
            return "FAT32 (not known to NT 4.0)";
        case 0x0E:
            return "FAT16 LBA (not known to NT 4.0)";
        case type_extended_lba:
            return "extended LBA (not known to NT 4.0)";
        case type_compaq_diagnostics:
            return "Compaq diagnostics";
        case 0x42:
            return "dynamic disk (LDM; not known to NT 4.0)";
        default:
            return fmt::format("type {:02X}", plain);
        }
    };
    const std::string plain = name(partition.base_type());
    if (!partition.is_ft_member())
        return plain;
    return plain + ((type & type_ft_disabled) == type_ft_disabled ? ", disabled fault-tolerant set member"
                                                                  : ", fault-tolerant set member");
}

DiskLayout read_layout(block::BlockDevice& disk) {
    return LayoutReader(disk).read();
}

block::SharedBlockDevice open_partition(const block::SharedBlockDevice& disk, const Partition& partition) {
    return std::make_shared<PartitionDevice>(disk, partition.offset(), partition.bytes(),
                                             fmt::format("partition {}", partition.index + 1));
}

} // namespace ntferry::volume
