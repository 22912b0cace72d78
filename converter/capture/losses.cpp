// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/capture/losses.hpp"

#include "converter/volume/bpb.hpp"
#include "converter/volume/mbr.hpp"
#include "converter/volume/open_filesystem.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <optional>

namespace ntferry::capture {
namespace {

/// Owners asked for: a disk that is mostly unreadable needs no list of single clusters.
constexpr std::size_t most_questions = 500'000;
constexpr std::uint64_t ntfs_boot_area = 16U * 512U; ///< $Boot: sector and boot code

/// The file system of one partition, opened once.
struct OpenVolume {
    volume::FileSystemPtr files;
    std::optional<volume::Bpb> bpb;
};

bool is_registry(std::string path) {
    std::transform(path.begin(), path.end(), path.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    std::replace(path.begin(), path.end(), '/', '\\');
    return path.find("\\system32\\config\\") != std::string::npos || path.ends_with("\\ntuser.dat");
}

class Namer {
  public:
    explicit Namer(block::SharedBlockDevice image) : image_(std::move(image)) {
        try {
            layout_ = volume::read_layout(*image_);
        } catch (const Error&) { // a lost table leaves everything unknown
            table_known_ = false;
        }
    }

    /// What the sector at offset belongs to; length up to limit is what surely has the same owner.
    Loss name(std::uint64_t offset, std::uint64_t limit) {
        Loss loss{.offset = offset, .length = std::min<std::uint64_t>(limit, 512 - offset % 512)};
        if (offset < 512) {
            loss.kind = LossKind::partition_table;
            return loss;
        }
        if (!table_known_) {
            loss.length = limit;
            return loss;
        }
        const volume::Partition* partition = partition_at(offset);
        if (partition == nullptr) {
            loss.kind = is_table(offset) ? LossKind::partition_table : LossKind::gap;
            return loss;
        }
        loss.partition = partition->index + 1;
        const OpenVolume& open = volume_of(*partition);
        const std::uint64_t in_volume = offset - partition->offset();
        if (open.bpb) {
            const std::uint64_t unit = open.bpb->cluster_size();
            loss.length = std::min(limit, unit - in_volume % unit);
        }
        if (in_volume < boot_area(open))
            loss.kind = LossKind::boot_area;
        else if (open.files)
            ask(*open.files, open, in_volume, loss);
        return loss;
    }

  private:
    const volume::Partition* partition_at(std::uint64_t offset) const {
        for (const volume::Partition& partition : layout_.partitions)
            if (!partition.is_extended() && offset >= partition.offset() &&
                offset - partition.offset() < partition.bytes())
                return &partition;
        return nullptr;
    }
    bool is_table(std::uint64_t offset) const {
        return std::any_of(layout_.partitions.begin(), layout_.partitions.end(),
                           [&](const volume::Partition& partition) {
                               return (partition.logical && partition.ebr_lba == offset / 512) ||
                                      (partition.is_extended() && partition.start_lba == offset / 512);
                           });
    }
    const OpenVolume& volume_of(const volume::Partition& partition) {
        const auto [at, fresh] = volumes_.try_emplace(partition.index);
        if (fresh) {
            try {
                const block::SharedBlockDevice device = volume::open_partition(image_, partition);
                Bytes sector(512);
                device->read(0, sector);
                at->second.bpb = volume::parse_bpb(sector);
                at->second.files = volume::open_filesystem(device);
            } catch (const Error&) { // NOLINT(bugprone-empty-catch): its sectors stay unknown
            }
        }
        return at->second;
    }
    static std::uint64_t boot_area(const OpenVolume& open) {
        if (!open.bpb)
            return 512;
        if (open.bpb->kind == volume::FileSystemKind::ntfs)
            return ntfs_boot_area;
        return std::uint64_t{std::max(1U, open.bpb->reserved_sectors)} * open.bpb->bytes_per_sector;
    }
    static void ask(volume::FileSystem& files, const OpenVolume& open, std::uint64_t in_volume, Loss& loss) {
        try {
            if (const auto owner = files.owner_of(in_volume)) {
                loss.path = *owner;
                loss.kind = is_registry(*owner) ? LossKind::registry : LossKind::file;
                const std::string name = owner->substr(owner->find_last_of("\\/") + 1);
                if (open.bpb->kind == volume::FileSystemKind::ntfs && name.starts_with('$'))
                    loss.kind = LossKind::file_system;
                return;
            }
        } catch (const Error&) {
            return; // unknown
        }
        const volume::Bpb& bpb = *open.bpb;
        const std::uint64_t tables =
            (std::uint64_t{bpb.reserved_sectors} + std::uint64_t{bpb.fat_count} * bpb.fat_sectors) *
                bpb.bytes_per_sector +
            std::uint64_t{bpb.root_entries} * 32;
        loss.kind = bpb.kind != volume::FileSystemKind::ntfs && in_volume < tables ? LossKind::file_system
                                                                                   : LossKind::free_space;
    }

    block::SharedBlockDevice image_;
    bool table_known_ = true;
    volume::DiskLayout layout_;
    std::map<unsigned, OpenVolume> volumes_;
};

bool same_owner(const Loss& a, const Loss& b) {
    return a.kind == b.kind && a.partition == b.partition && a.path == b.path;
}

} // namespace

const char* to_string(LossKind kind) {
    switch (kind) {
    case LossKind::partition_table:
        return "partition table";
    case LossKind::boot_area:
        return "boot area";
    case LossKind::registry:
        return "registry";
    case LossKind::file:
        return "file";
    case LossKind::file_system:
        return "file system";
    case LossKind::free_space:
        return "free space, harmless";
    case LossKind::gap:
        return "between partitions, harmless";
    case LossKind::unknown:
        return "unknown";
    }
    return "unknown";
}

std::string Loss::describe() const {
    std::string text = fmt::format("sector {} ({} bytes): ", offset / 512, length);
    if (partition != 0)
        text += fmt::format("partition {}, ", partition);
    if (path.empty())
        return text + to_string(kind);
    return text + fmt::format("{} ({})", path, to_string(kind));
}

std::vector<Loss> name_losses(const block::SharedBlockDevice& image, const block::RescueMap& map) {
    std::vector<Loss> losses;
    Namer namer(image);
    std::size_t asked = 0;
    for (const block::RescueRange& range : map.ranges()) {
        if (range.status == block::RescueStatus::finished)
            continue;
        for (std::uint64_t at = range.offset; at < range.end();) {
            if (losses.size() >= most_losses || ++asked > most_questions) {
                if (losses.empty() || losses.back().offset + losses.back().length != at)
                    losses.push_back({.offset = at, .length = 0});
                losses.back().length = map.size() - losses.back().offset;
                losses.back().kind = LossKind::unknown;
                losses.back().path = "this and everything unreadable behind it";
                return losses;
            }
            const Loss next = namer.name(at, range.end() - at);
            if (!losses.empty() && losses.back().offset + losses.back().length == at &&
                same_owner(losses.back(), next))
                losses.back().length += next.length;
            else
                losses.push_back(next);
            at += next.length;
        }
    }
    return losses;
}

} // namespace ntferry::capture
