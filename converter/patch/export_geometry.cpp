// Boot sectors and partition table for another BIOS geometry.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/patch/export_geometry.hpp"

#include "converter/patch/subject.hpp"
#include "converter/volume/bpb.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace ntferry::patch {
namespace {

constexpr std::uint64_t cylinders_of_int13 = 1024;
constexpr std::uint64_t table_offset = 0x1BE;
constexpr std::uint64_t entry_size = 16;

/// CHS as the partition table packs it: head, sector with the cylinder's high bits, cylinder. Beyond cylinder
/// 1023 the last address that CHS has.
std::array<std::uint8_t, 3> packed_chs(std::uint64_t lba, const TargetGeometry& geometry) {
    std::uint64_t cylinder = lba / (std::uint64_t{geometry.heads} * geometry.sectors);
    std::uint64_t head = lba / geometry.sectors % geometry.heads;
    std::uint64_t sector = lba % geometry.sectors + 1;
    if (cylinder >= cylinders_of_int13) {
        cylinder = cylinders_of_int13 - 1;
        head = geometry.heads - 1;
        sector = geometry.sectors;
    }
    return {static_cast<std::uint8_t>(head), static_cast<std::uint8_t>(sector | (cylinder >> 8U) << 6U),
            static_cast<std::uint8_t>(cylinder)};
}

class Rewriter {
  public:
    Rewriter(block::SharedBlockDevice disk, const TargetGeometry& target, bool write)
        : disk_(std::move(disk)), target_(target), write_(write), layout_(volume::read_layout(*disk_)) {}

    GeometryRewrite run() {
        for (const volume::Partition& partition : layout_.partitions) {
            rewrite_entry(partition);
            if (!partition.is_extended())
                rewrite_boot_sector(partition);
        }
        if (write_)
            disk_->flush();
        check_limits();
        return std::move(result_);
    }

  private:
    void rewrite_entry(const volume::Partition& partition) {
        const std::uint64_t at = partition.ebr_lba * 512 + table_offset + partition.slot * entry_size;
        Bytes entry(entry_size);
        disk_->read(at, entry);
        Bytes fresh = entry;
        const auto start = packed_chs(partition.start_lba, target_);
        const auto end =
            packed_chs(partition.start_lba + std::max<std::uint64_t>(partition.sectors, 1) - 1, target_);
        std::copy(start.begin(), start.end(), fresh.begin() + 1);
        std::copy(end.begin(), end.end(), fresh.begin() + 5);
        if (fresh == entry)
            return;
        result_.changes.push_back(fmt::format("partition entry {} in sector {}: {} -> {}", partition.slot,
                                              partition.ebr_lba, to_hex(ByteView(entry).first(8)),
                                              to_hex(ByteView(fresh).first(8))));
        if (write_)
            disk_->write(at, fresh);
    }

    void rewrite_boot_sector(const volume::Partition& partition) {
        Bytes sector(512);
        disk_->read(partition.offset(), sector);
        const auto bpb = volume::parse_bpb(sector);
        if (!bpb || (bpb->heads == target_.heads && bpb->sectors_per_track == target_.sectors))
            return;
        result_.changes.push_back(fmt::format("boot sector {}: {} heads, {} sectors -> {} heads, {} sectors",
                                              partition.start_lba, bpb->heads, bpb->sectors_per_track,
                                              target_.heads, target_.sectors));
        if (!write_)
            return;
        volume::BpbPatch patch;
        patch.heads = static_cast<std::uint16_t>(target_.heads);
        patch.sectors_per_track = static_cast<std::uint16_t>(target_.sectors);
        volume::patch_boot_sectors(*volume::open_partition(disk_, partition), patch);
    }

    /// Every file that NTLDR reads through INT 13h must end below cylinder 1024.
    void check_limits() {
        const std::uint64_t limit = cylinders_of_int13 * target_.heads * target_.sectors;
        Subject subject({disk_}, disk_->name());
        if (!subject.has_nt()) {
            if (const volume::Partition* active = layout_.active();
                active != nullptr && active->start_lba >= limit)
                result_.problems.push_back(
                    fmt::format("the active partition starts at sector {}, INT 13h ends at {}",
                                active->start_lba, limit));
            return;
        }
        const auto check = [&](const VolumeRef& volume, const std::string& path) {
            volume::FileSystem& files = subject.volumes().files(volume);
            if (!files.lookup(path))
                return;
            for (const volume::FileExtent& extent : files.file_extents(path)) {
                const std::uint64_t end = (volume.start + extent.volume_offset + extent.length + 511) / 512;
                if (end > limit) {
                    result_.problems.push_back(
                        fmt::format("{} reaches sector {}, INT 13h ends at {}", path, end, limit));
                    return;
                }
            }
        };
        for (const char* path : {"\\ntldr", "\\ntdetect.com", "\\boot.ini"})
            check(subject.system_volume(), path);
        for (const char* path :
             {"ntoskrnl.exe", "hal.dll", "config\\system", "drivers\\atapi.sys", "drivers\\scsiport.sys",
              "drivers\\disk.sys", "drivers\\class2.sys", "drivers\\ntfs.sys", "drivers\\fastfat.sys"})
            check(subject.system().volume, subject.system32(path));
    }

    block::SharedBlockDevice disk_;
    TargetGeometry target_;
    bool write_;
    volume::DiskLayout layout_;
    GeometryRewrite result_;
};

} // namespace

TargetGeometry lba_assist_geometry(std::uint64_t disk_bytes) {
    constexpr std::uint32_t sectors = 63;
    for (const std::uint32_t heads : {16U, 32U, 64U, 128U})
        if (disk_bytes / 512 <= cylinders_of_int13 * heads * sectors)
            return {heads, sectors};
    return {255, sectors};
}

GeometryRewrite rewrite_geometry(block::SharedBlockDevice disk, const TargetGeometry& target, bool write) {
    if (target.heads == 0 || target.heads > 255 || target.sectors == 0 || target.sectors > 63)
        throw Error(
            disk->name(),
            fmt::format("{} heads and {} sectors are no INT 13h geometry", target.heads, target.sectors),
            "use 1 to 255 heads and 1 to 63 sectors", ErrorKind::usage);
    return Rewriter(std::move(disk), target, write).run();
}

} // namespace ntferry::patch
