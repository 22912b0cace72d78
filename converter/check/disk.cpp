// MBR, active partition, boot sector: what runs before any file is opened. All of it uses INT 13h CHS alone
// (KB Q224526). SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/check/walk.hpp"
#include "converter/volume/bpb.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace ntferry::check {
namespace {

constexpr std::size_t code_size = 440;
constexpr std::size_t signature_offset = 510;
constexpr const char* from_partition =
    "the screen stays black, 'Missing operating system' or 'Error loading operating system'";

bool has_signature(ByteView sector) {
    return sector[signature_offset] == 0x55 && sector[signature_offset + 1] == 0xAA;
}

void check_mbr(Walk& walk, ByteView mbr) {
    if (!has_signature(mbr)) {
        walk.broken("mbr.signature", "the first sector does not end in 55 AA",
                    "the BIOS finds no boot device", "write a boot sector to the disk");
        return;
    }
    walk.good("mbr.signature", "the first sector ends in 55 AA");
    if (all_zero(mbr.first(code_size)))
        walk.broken("mbr.code", "the first sector has a partition table but no code",
                    "the BIOS hangs with a blank screen",
                    "patch with the rule 'volumes': it writes boot code");
    else
        walk.good("mbr.code", "boot code is there");
}

void check_active(Walk& walk) {
    const volume::DiskLayout& layout = walk.subject().volumes().layout(0);
    const auto count = std::count_if(
        layout.partitions.begin(), layout.partitions.end(),
        [](const volume::Partition& partition) { return partition.active && !partition.logical; });
    if (count != 1) {
        walk.broken("mbr.active", fmt::format("{} partitions of the first disk are active", count),
                    count == 0 ? "'Operating system not found', or the next boot device"
                               : "'Invalid partition table'",
                    "mark exactly the partition that holds NTLDR");
        return;
    }
    const volume::Partition& active = *layout.active();
    walk.good("mbr.active", fmt::format("partition {} is active", active.arc_number));
    const BiosGeometry& geometry = walk.geometry();
    if (active.start_lba >= geometry.limit()) {
        walk.broken("mbr.chs",
                    fmt::format("the active partition starts at sector {}, INT 13h ends at {}",
                                active.start_lba, geometry.limit()),
                    from_partition, "the system partition must lie below that limit");
        return;
    }
    if (active.start_chs.sector == 0 ||
        volume::chs_to_lba(active.start_chs, geometry.heads, geometry.sectors) != active.start_lba) {
        walk.broken(
            "mbr.chs",
            fmt::format("the active entry says cylinder {}, head {}, sector {}, which is not sector {} with "
                        "{} heads and {} "
                        "sectors",
                        active.start_chs.cylinder, active.start_chs.head, active.start_chs.sector,
                        active.start_lba, geometry.heads, geometry.sectors),
            from_partition,
            "give the disk the geometry it was written with, or rewrite its CHS values for the new one");
        return;
    }
    walk.good("mbr.chs",
              fmt::format("start CHS fits {} heads and {} sectors", geometry.heads, geometry.sectors));
}

void check_signatures(Walk& walk) {
    patch::Volumes& volumes = walk.subject().volumes();
    std::set<std::uint32_t> seen;
    for (unsigned disk = 0; disk < volumes.disk_count(); ++disk) {
        const volume::DiskLayout& layout = volumes.layout(disk);
        if (layout.partitions.empty())
            continue;
        if (!seen.insert(layout.signature).second) {
            walk.broken(
                "disk.signature",
                fmt::format("disk {} has the same signature as another: {:08X}", disk, layout.signature),
                "STOP 0x7B: the kernel cannot tell the boot disk from the other",
                "leave the copy away, or give it another signature");
            return;
        }
    }
    walk.good("disk.signature", "every disk has a signature of its own");
}

void check_bpb(Walk& walk, const volume::Bpb& bpb, const volume::Partition& partition, ByteView sector) {
    const BiosGeometry& geometry = walk.geometry();
    constexpr const char* symptom = "'A disk read error occurred', or a hang";
    if (bpb.sectors_per_track != geometry.sectors || bpb.heads != geometry.heads)
        walk.broken(
            "boot-sector.geometry",
            fmt::format("the boot sector computes with {} heads and {} sectors, the BIOS says {} and {}",
                        bpb.heads, bpb.sectors_per_track, geometry.heads, geometry.sectors),
            symptom,
            "give the disk the geometry it was written with, or export it with the rewrite of its boot "
            "sectors");
    else
        walk.good("boot-sector.geometry",
                  fmt::format("{} heads, {} sectors, as the BIOS says", bpb.heads, bpb.sectors_per_track));
    if (bpb.hidden_sectors != partition.start_lba)
        walk.broken("boot-sector.hidden",
                    fmt::format("the boot sector says {} hidden sectors, the partition starts at {}",
                                bpb.hidden_sectors, partition.start_lba),
                    symptom, "set the hidden sectors of the boot sector to the start of the partition");
    else
        walk.good("boot-sector.hidden",
                  fmt::format("{} hidden sectors, the start of the partition", bpb.hidden_sectors));
    // EB xx 90 or E9 xx xx: the jump over the BPB.
    if (sector[0] != 0xEB && sector[0] != 0xE9)
        walk.broken("boot-sector.code", "the boot sector does not begin with a jump", symptom);
    else
        walk.good("boot-sector.code", "boot code is there");
}

} // namespace

void walk_disk(Walk& walk) {
    patch::Volumes& volumes = walk.subject().volumes();
    Bytes mbr(512);
    volumes.disk(0).read(0, mbr);
    check_mbr(walk, mbr);
    if (!has_signature(mbr))
        return;
    check_active(walk);
    check_signatures(walk);

    const volume::Partition* active = volumes.layout(0).active();
    if (active == nullptr)
        return;
    Bytes sector(512);
    volumes.disk(0).read(active->offset(), sector);
    if (!has_signature(sector)) {
        walk.broken("boot-sector.signature", "the boot sector of the active partition does not end in 55 AA",
                    "'Missing operating system'");
        return;
    }
    walk.good("boot-sector.signature", "the boot sector ends in 55 AA");
    if (const auto bpb = volume::parse_bpb(sector))
        check_bpb(walk, *bpb, *active, sector);
    else
        walk.broken("boot-sector.bpb", "the active partition is neither FAT nor NTFS",
                    "'Missing operating system' or a hang");
}

} // namespace ntferry::check
