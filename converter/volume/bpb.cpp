// Layouts: facts B.1.2; "FAT: General Overview of On-Disk Format" 1.03 (Microsoft, 2000) for FAT.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/volume/bpb.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>

namespace ntferry::volume {
namespace {

/// Clusters per record: positive clusters, negative the binary logarithm of bytes. 0 when senseless.
std::uint32_t record_size(std::uint8_t raw, std::uint64_t cluster_size) {
    const auto value = static_cast<std::int8_t>(raw);
    if (value > 0) {
        const std::uint64_t bytes = cluster_size * static_cast<std::uint64_t>(value);
        return bytes <= 65536 && std::has_single_bit(bytes) ? static_cast<std::uint32_t>(bytes) : 0;
    }
    return value < -8 && value >= -16 ? 1U << static_cast<unsigned>(-value) : 0;
}

bool common_fields_fit(const Bpb& bpb) {
    return std::has_single_bit(bpb.bytes_per_sector) && bpb.bytes_per_sector >= 512 &&
           bpb.bytes_per_sector <= 4096 && std::has_single_bit(bpb.sectors_per_cluster);
}

std::optional<Bpb> parse_ntfs(ByteView s, Bpb bpb) {
    bpb.kind = FileSystemKind::ntfs;
    if (!common_fields_fit(bpb) || bpb.cluster_size() > 65536)
        return std::nullopt;
    bpb.total_sectors = load_le<std::uint64_t>(s, 0x28);
    bpb.drive = s[0x24];
    bpb.mft_cluster = load_le<std::uint64_t>(s, 0x30);
    bpb.mft_mirror_cluster = load_le<std::uint64_t>(s, 0x38);
    bpb.mft_record_size = record_size(s[0x40], bpb.cluster_size());
    bpb.index_block_size = record_size(s[0x44], bpb.cluster_size());
    bpb.serial = load_le<std::uint64_t>(s, 0x48);
    bpb.cluster_count = bpb.total_sectors / bpb.sectors_per_cluster;
    const bool inside = bpb.mft_cluster < bpb.cluster_count && bpb.mft_mirror_cluster < bpb.cluster_count;
    if (bpb.total_sectors == 0 || bpb.total_sectors > std::uint64_t{1} << 48U || !inside ||
        bpb.mft_record_size < 512 || bpb.index_block_size < 512)
        return std::nullopt;
    return bpb;
}

std::optional<Bpb> parse_fat(ByteView s, Bpb bpb) {
    const bool jump = (s[0] == 0xEB && s[2] == 0x90) || s[0] == 0xE9 || (s[0] == 0x49);
    bpb.reserved_sectors = load_le<std::uint16_t>(s, 0x0E);
    bpb.fat_count = s[0x10];
    bpb.root_entries = load_le<std::uint16_t>(s, 0x11);
    const std::uint32_t small_total = load_le<std::uint16_t>(s, 0x13);
    const std::uint32_t small_fat = load_le<std::uint16_t>(s, 0x16);
    bpb.total_sectors = small_total != 0 ? small_total : load_le<std::uint32_t>(s, 0x20);
    bpb.fat_sectors = small_fat != 0 ? small_fat : load_le<std::uint32_t>(s, 0x24);
    const bool media_ok = bpb.media == 0xF0 || bpb.media >= 0xF8;
    if (!jump || !common_fields_fit(bpb) || !media_ok || bpb.reserved_sectors == 0 || bpb.fat_count == 0 ||
        bpb.fat_count > 2 || bpb.fat_sectors == 0)
        return std::nullopt;
    const std::uint64_t root_sectors =
        (std::uint64_t{bpb.root_entries} * 32U + bpb.bytes_per_sector - 1) / bpb.bytes_per_sector;
    const std::uint64_t first_data =
        bpb.reserved_sectors + std::uint64_t{bpb.fat_count} * bpb.fat_sectors + root_sectors;
    if (first_data >= bpb.total_sectors)
        return std::nullopt;
    bpb.cluster_count = (bpb.total_sectors - first_data) / bpb.sectors_per_cluster;
    const bool wide = small_fat == 0 && bpb.root_entries == 0;
    if (bpb.cluster_count == 0 || bpb.cluster_count > 0x0FFFFFF4 || (!wide && bpb.root_entries == 0))
        return std::nullopt;
    if (wide)
        bpb.kind = FileSystemKind::fat32;
    else
        bpb.kind = bpb.cluster_count < 4085 ? FileSystemKind::fat12 : FileSystemKind::fat16;
    // The FAT has to hold an entry for every cluster.
    const std::uint64_t bits = wide ? 32 : bpb.kind == FileSystemKind::fat16 ? 16 : 12;
    const std::uint64_t entries = std::uint64_t{bpb.fat_sectors} * bpb.bytes_per_sector * 8U / bits;
    if (!wide && bpb.cluster_count > 65524)
        return std::nullopt;
    bpb.cluster_count = std::min(bpb.cluster_count, entries < 2 ? 0 : entries - 2);
    if (bpb.cluster_count == 0)
        return std::nullopt;
    const std::size_t extended = wide ? 0x40 : 0x24;
    bpb.drive = s[extended];
    if (s[extended + 2] == 0x28 || s[extended + 2] == 0x29)
        bpb.serial = load_le<std::uint32_t>(s, extended + 3);
    if (wide) {
        bpb.root_cluster = load_le<std::uint32_t>(s, 0x2C) & 0x0FFFFFFFU;
        bpb.fsinfo_sector = load_le<std::uint16_t>(s, 0x30);
        bpb.backup_sector = load_le<std::uint16_t>(s, 0x32);
        if (bpb.fsinfo_sector == 0xFFFF || bpb.fsinfo_sector >= bpb.reserved_sectors)
            bpb.fsinfo_sector = 0;
        if (bpb.backup_sector == 0xFFFF || bpb.backup_sector >= bpb.reserved_sectors)
            bpb.backup_sector = 0;
    }
    return bpb;
}

} // namespace

std::optional<Bpb> parse_bpb(ByteView sector) {
    if (sector.size() < 512)
        return std::nullopt;
    Bpb bpb;
    bpb.oem.assign(sector.begin() + 3, sector.begin() + 11);
    bpb.bytes_per_sector = load_le<std::uint16_t>(sector, 0x0B);
    bpb.sectors_per_cluster = sector[0x0D];
    bpb.media = sector[0x15];
    bpb.sectors_per_track = load_le<std::uint16_t>(sector, 0x18);
    bpb.heads = load_le<std::uint16_t>(sector, 0x1A);
    bpb.hidden_sectors = load_le<std::uint32_t>(sector, 0x1C);
    if (bpb.oem == "NTFS    ")
        return parse_ntfs(sector, std::move(bpb));
    return parse_fat(sector, std::move(bpb));
}

void patch_bpb(MutableByteView sector, const BpbPatch& patch) {
    if (!parse_bpb(sector))
        throw Error({}, "is not an NTFS or FAT boot sector");
    if (patch.sectors_per_track)
        store_le<std::uint16_t>(sector, 0x18, *patch.sectors_per_track);
    if (patch.heads)
        store_le<std::uint16_t>(sector, 0x1A, *patch.heads);
    if (patch.hidden_sectors)
        store_le<std::uint32_t>(sector, 0x1C, *patch.hidden_sectors);
}

std::vector<std::uint64_t> backup_boot_sectors(const Bpb& bpb, std::uint64_t partition_sectors) {
    std::vector<std::uint64_t> list;
    const std::uint64_t scale = bpb.bytes_per_sector / 512U;
    if (bpb.kind == FileSystemKind::ntfs) {
        if (partition_sectors > 1)
            list.push_back(partition_sectors - scale);
        const std::uint64_t after_volume = bpb.total_sectors * scale;
        if (after_volume < partition_sectors && after_volume != partition_sectors - scale)
            list.push_back(after_volume);
        const std::uint64_t middle = bpb.total_sectors / 2 * scale;
        if (middle != 0 && middle < partition_sectors)
            list.push_back(middle);
    } else if (bpb.kind == FileSystemKind::fat32 && bpb.backup_sector != 0 &&
               bpb.backup_sector * scale < partition_sectors) {
        list.push_back(bpb.backup_sector * scale);
    }
    return list;
}

std::vector<std::uint64_t> patch_boot_sectors(block::BlockDevice& partition, const BpbPatch& patch) {
    std::array<std::uint8_t, 512> sector{};
    partition.read(0, sector);
    const std::optional<Bpb> primary = parse_bpb(sector);
    if (!primary)
        throw Error(partition.name(), "does not start with an NTFS or FAT boot sector");
    patch_bpb(sector, patch);
    partition.write(0, sector);
    std::vector<std::uint64_t> written{0};
    for (const std::uint64_t lba : backup_boot_sectors(*primary, partition.size() / 512U)) {
        partition.read(lba * 512U, sector);
        const std::optional<Bpb> copy = parse_bpb(sector);
        if (!copy || copy->kind != primary->kind || copy->serial != primary->serial)
            continue;
        patch_bpb(sector, patch);
        partition.write(lba * 512U, sector);
        written.push_back(lba);
    }
    return written;
}

} // namespace ntferry::volume
