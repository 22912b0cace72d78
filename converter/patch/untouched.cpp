// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/patch/untouched.hpp"

#include "converter/base/text.hpp"
#include "converter/block/vhd/image.hpp"
#include "converter/patch/hive_edit.hpp"
#include "converter/patch/hive_files.hpp"
#include "converter/volume/bpb.hpp"
#include "converter/volume/ntfs/record_at.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <memory>
#include <set>

namespace ntferry::patch {
namespace {

constexpr std::uint64_t sector = 512;
constexpr std::uint64_t piece = std::uint64_t{256} << 10U;

/// System files of NTFS whose content follows from what is done to others.
constexpr std::array<std::string_view, 5> ntfs_metadata{"\\$mft", "\\$mftmirr", "\\$logfile", "\\$bitmap",
                                                        "\\$secure"};
/// MFT records of system files that may change: $MFT, $MFTMirr, $LogFile, $Volume, $Bitmap, $Secure.
constexpr std::array<std::uint64_t, 6> ntfs_records{0, 1, 2, 3, 6, 9};

/// Bytes [begin, end).
struct Range {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
};
using Ranges = std::vector<Range>;

[[noreturn]] void stray(const std::string& where, const std::string& what) {
    throw Error(where, what + " and is not part of the plan",
                "this is a defect of NTFerry or of the host's storage; nothing was changed");
}

void append(Ranges& ranges, std::uint64_t begin, std::uint64_t end) {
    if (!ranges.empty() && ranges.back().end == begin)
        ranges.back().end = end;
    else
        ranges.push_back({begin, end});
}

/// Sorted and without overlaps.
Ranges tidy(Ranges ranges) {
    std::sort(ranges.begin(), ranges.end(), [](const Range& a, const Range& b) { return a.begin < b.begin; });
    Ranges joined;
    for (const Range& range : ranges) {
        if (!joined.empty() && range.begin <= joined.back().end)
            joined.back().end = std::max(joined.back().end, range.end);
        else
            joined.push_back(range);
    }
    return joined;
}

/// What of a lies outside b; both tidy.
Ranges without(const Ranges& a, const Ranges& b) {
    Ranges rest;
    auto cut = b.begin();
    for (Range range : a) {
        while (cut != b.end() && cut->end <= range.begin)
            ++cut;
        for (auto at = cut; at != b.end() && at->begin < range.end; ++at) {
            if (at->begin > range.begin)
                append(rest, range.begin, at->begin);
            range.begin = std::max(range.begin, at->end);
            if (range.begin >= range.end)
                break;
        }
        if (range.begin < range.end)
            append(rest, range.begin, range.end);
    }
    return rest;
}

std::uint64_t bytes_of(const Ranges& ranges) {
    std::uint64_t sum = 0;
    for (const Range& range : ranges)
        sum += range.end - range.begin;
    return sum;
}

/// Sectors that read otherwise than before, of those that the overlay stores.
Ranges changed_sectors(block::BlockDevice& before, block::vhd::Image& after) {
    Ranges changed;
    Bytes old(piece);
    Bytes fresh(piece);
    for (const block::Extent& extent : after.own_extents(0, after.size())) {
        if (extent.kind != block::ExtentKind::data)
            continue;
        for (std::uint64_t done = 0; done < extent.length; done += piece) {
            const std::uint64_t at = extent.offset + done;
            const std::uint64_t length = std::min(piece, extent.length - done);
            before.read(at, MutableByteView(old).first(length));
            after.read(at, MutableByteView(fresh).first(length));
            if (std::memcmp(old.data(), fresh.data(), length) == 0)
                continue;
            for (std::uint64_t i = 0; i < length; i += sector)
                if (std::memcmp(old.data() + i, fresh.data() + i, std::min(sector, length - i)) != 0)
                    append(changed, at + i, at + std::min(i + sector, length));
        }
    }
    return changed;
}

/// One volume that the plan writes to.
class VolumeCheck {
  public:
    /// @param fat_data where the first cluster of a FAT volume begins, bytes
    VolumeCheck(const VolumeRef& ref, volume::FileSystem& before, volume::FileSystem& after,
                std::uint64_t fat_data)
        : ref_(ref), before_(before), after_(after), info_(after.info()), fat_data_(fat_data) {}

    /// The path itself and the directories whose entries change with it.
    void expect(const std::string& path) {
        files_.insert(text::to_lower(path));
        for (std::string parent = path; !parent.empty();) {
            parent.resize(parent.rfind('\\') == std::string::npos ? 0 : parent.rfind('\\'));
            const std::string folder = parent.empty() ? "\\" : parent;
            folders_.insert(text::to_lower(folder));
            if (before_.lookup(folder)) {
                // This one was there: in the folder above only its entry changes, which repeats its dates.
                const std::string above = parent.empty() ? parent : parent.substr(0, parent.rfind('\\'));
                indexes_.insert(above.empty() ? "\\" : text::to_lower(above));
                break;
            }
        }
    }

    /// Where the content of the plan's files lies; bytes from the start of the volume, whole clusters.
    Ranges content() {
        Ranges ranges;
        for (const std::string& path : files_) {
            const auto found = after_.lookup(path);
            if (!found || found->is_directory())
                continue;
            for (const volume::FileExtent& extent : after_.file_extents(path)) {
                const std::uint64_t end = extent.volume_offset + extent.length;
                ranges.push_back({extent.volume_offset,
                                  (end + info_.cluster_size - 1) / info_.cluster_size * info_.cluster_size});
            }
        }
        return tidy(std::move(ranges));
    }

    /// @param rest what changed besides the content
    void check(const Ranges& rest) {
        for (const Range& range : rest)
            for (std::uint64_t at = range.begin; at < range.end; at += sector)
                check_sector(at);
        check_allocation();
        std::set<std::string> lists = folders_;
        lists.insert(indexes_.begin(), indexes_.end());
        for (const std::string& folder : lists)
            check_entries(folder);
    }

  private:
    std::string place(std::uint64_t offset) const {
        return fmt::format("disk {}, sector {}", ref_.disk, (ref_.start + offset) / sector);
    }

    bool expected(const std::string& path) const {
        const std::string lower = text::to_lower(path);
        return files_.contains(lower) || folders_.contains(lower);
    }

    /// May hold other bytes than before: what is in it is compared entry by entry.
    bool may_change(const std::string& path) const {
        return expected(path) || indexes_.contains(text::to_lower(path));
    }

    void check_sector(std::uint64_t offset) {
        if (info_.kind != volume::FileSystemKind::ntfs && offset > 0 && offset < fat_data_)
            return; // FATs and root directory: judged by what they say
        const std::uint64_t cluster = offset / info_.cluster_size;
        if (!owners_.contains(cluster))
            owners_[cluster] = after_.owner_of(offset);
        const std::optional<std::string>& owner = owners_[cluster];
        if (!owner)
            stray(place(offset), "it belongs to no file, has changed");
        const std::string lower = text::to_lower(*owner);
        if (info_.kind == volume::FileSystemKind::ntfs &&
            std::find(ntfs_metadata.begin(), ntfs_metadata.end(), lower) != ntfs_metadata.end()) {
            if (lower == "\\$mft")
                check_record(offset);
            return;
        }
        if (!may_change(lower))
            stray(place(offset), "it belongs to " + *owner + ", has changed");
    }

    /// A changed MFT record is that of a file of the plan, before or after.
    void check_record(std::uint64_t offset) {
        const auto now = volume::ntfs::record_at(after_, offset);
        if (!now || std::find(ntfs_records.begin(), ntfs_records.end(), now->number) != ntfs_records.end())
            return; // the bitmap of $MFT, or a system file
        if (now->in_use && may_change(now->path))
            return;
        const auto old = volume::ntfs::record_at(before_, offset);
        const bool was_expected = old && old->in_use && may_change(old->path);
        if (was_expected || (!now->in_use && (!old || !old->in_use)))
            return;
        stray(place(offset),
              fmt::format("it holds the record of {}, has changed", now->in_use ? now->path : old->path));
    }

    /// Clusters that were taken or given back are those of the plan's files.
    void check_allocation() {
        const auto used = [](volume::FileSystem& files) {
            Ranges ranges;
            files.used_ranges(
                [&](std::uint64_t begin, std::uint64_t length) { append(ranges, begin, begin + length); });
            return tidy(std::move(ranges));
        };
        const Ranges old = used(before_);
        const Ranges fresh = used(after_);
        const auto judge = [&](const Ranges& ranges, volume::FileSystem& files, const char* what) {
            for (const Range& range : ranges)
                for (std::uint64_t at = range.begin; at < range.end; at += info_.cluster_size) {
                    const auto owner = files.owner_of(at);
                    const std::string lower = owner ? text::to_lower(*owner) : "";
                    if (!owner || !(expected(lower) || std::find(ntfs_metadata.begin(), ntfs_metadata.end(),
                                                                 lower) != ntfs_metadata.end()))
                        stray(place(at), fmt::format("it was {} {}", what, owner.value_or("no file")));
                }
        };
        judge(without(fresh, old), after_, "given to");
        judge(without(old, fresh), before_, "taken from");
    }

    /// Entries of the directories concerned that are not the plan's are as they were.
    void check_entries(const std::string& folder) {
        if (!before_.lookup(folder))
            return;
        std::map<std::string, volume::FileInfo> old;
        for (volume::FileInfo& entry : before_.list(folder))
            old.emplace(entry.name, std::move(entry));
        const std::string prefix = folder == "\\" ? "" : folder;
        for (const volume::FileInfo& entry : after_.list(folder)) {
            const std::string path = prefix + "\\" + entry.name;
            const auto was = old.find(entry.name);
            const bool same = was != old.end() && was->second.size == entry.size &&
                              was->second.attributes == entry.attributes &&
                              was->second.modified == entry.modified &&
                              was->second.short_name == entry.short_name && same_place(path, entry);
            if (!same && !expected(path))
                stray(path, was == old.end() ? "it is new" : "it has changed");
            if (was != old.end())
                old.erase(was);
        }
        for (const auto& [name, entry] : old)
            if (!expected(prefix + "\\" + name))
                stray(prefix + "\\" + name, "it is gone");
    }

    /// On FAT a file's clusters are named in the table, where no owner is written beside them.
    bool same_place(const std::string& path, const volume::FileInfo& entry) {
        if (info_.kind == volume::FileSystemKind::ntfs || entry.is_directory())
            return true;
        const auto old = before_.file_extents(path);
        const auto now = after_.file_extents(path);
        return std::equal(old.begin(), old.end(), now.begin(), now.end(),
                          [](const volume::FileExtent& a, const volume::FileExtent& b) {
                              return a.file_offset == b.file_offset && a.volume_offset == b.volume_offset &&
                                     a.length == b.length;
                          });
    }

    VolumeRef ref_;
    volume::FileSystem& before_;
    volume::FileSystem& after_;
    volume::FileSystemInfo info_;
    std::set<std::string> files_;   ///< lower case
    std::set<std::string> folders_; ///< lower case
    std::set<std::string> indexes_; ///< where entries of folders_ change, lower case
    std::map<std::uint64_t, std::optional<std::string>> owners_; ///< by cluster, of what was asked for
    std::uint64_t fat_data_; ///< bytes from the start of the volume to the first cluster of FAT
};

class DiskCheck {
  public:
    DiskCheck(const Plan& plan, Volumes& before, Volumes& after)
        : plan_(plan), before_(before), after_(after) {}

    std::vector<std::string> run() {
        for (const Action& action : plan_.actions)
            expect(action);
        for (const HiveId hive : {HiveId::system, HiveId::software})
            if (changes_hive(plan_, hive))
                for (const char* suffix : {"", ".log", ".alt", ".p2v"})
                    volume_at(plan_.system.volume).expect(hive_path(plan_.system.root, hive) + suffix);
        std::vector<std::string> lines;
        for (unsigned disk = 0; disk < after_.disk_count(); ++disk)
            if (auto* overlay = dynamic_cast<block::vhd::Image*>(&after_.disk(disk));
                overlay != nullptr && overlay->parent() != nullptr)
                lines.push_back(check_disk(disk, *overlay));
        return lines;
    }

  private:
    VolumeCheck& volume_at(const VolumeRef& ref) {
        const auto [at, fresh] = volumes_.try_emplace({ref.disk, ref.start});
        if (fresh)
            at->second =
                std::make_unique<VolumeCheck>(ref, before_.files(ref), after_.files(ref), fat_data(ref));
        return *at->second;
    }

    /// Boot sector, tables and root directory of FAT12 and FAT16 come before the first cluster.
    std::uint64_t fat_data(const VolumeRef& ref) const {
        Bytes boot(sector);
        before_.disk(ref.disk).read(ref.start, boot);
        const auto bpb = volume::parse_bpb(boot);
        if (!bpb || bpb->kind == volume::FileSystemKind::ntfs)
            return 0;
        return (bpb->reserved_sectors + std::uint64_t{bpb->fat_count} * bpb->fat_sectors) *
                   bpb->bytes_per_sector +
               std::uint64_t{bpb->root_entries} * 32;
    }

    void expect(const Action& action) {
        if (const auto* file = std::get_if<WriteFile>(&action.change)) {
            volume_at(file->volume).expect(file->path);
        } else if (const auto* copied = std::get_if<CopyFile>(&action.change)) {
            volume_at(copied->volume).expect(copied->to);
        } else if (const auto* renamed = std::get_if<RenameFile>(&action.change)) {
            volume_at(renamed->volume).expect(renamed->from);
            volume_at(renamed->volume).expect(renamed->to);
        } else if (const auto* bytes = std::get_if<SetBytes>(&action.change)) {
            // Whole sectors, and in them only the bytes that are named: verify_changes() has read those.
            check_bytes(*bytes);
        }
    }

    /// Around the bytes that are set, their sectors are as before.
    void check_bytes(const SetBytes& bytes) {
        const std::uint64_t begin = bytes.offset / sector * sector;
        const std::uint64_t end = (bytes.offset + bytes.value.size() + sector - 1) / sector * sector;
        written_[bytes.disk].push_back({begin, end});
        bytes_[bytes.disk].push_back({bytes.offset, bytes.offset + bytes.value.size()});
    }

    std::string check_disk(unsigned disk, block::vhd::Image& overlay) {
        const Ranges changed = changed_sectors(before_.disk(disk), overlay);
        const Ranges set = tidy(written_[disk]);
        check_around(disk, overlay, set);
        Ranges outside = without(changed, set);
        std::uint64_t content_bytes = 0;
        for (auto& [place, check] : volumes_) {
            if (place.first != disk)
                continue;
            const volume::Partition* partition = after_.partition({disk, place.second});
            const std::uint64_t start = place.second;
            const std::uint64_t end = start + (partition != nullptr ? partition->bytes() : 0);
            Ranges content;
            for (const Range& range : check->content())
                content.push_back({start + range.begin, start + range.end});
            const Ranges elsewhere = without(outside, {{start, end}});
            const Ranges inside = without(outside, elsewhere);
            const Ranges rest = without(inside, content);
            content_bytes += bytes_of(inside) - bytes_of(rest);
            Ranges relative;
            for (const Range& range : rest)
                relative.push_back({range.begin - start, range.end - start});
            check->check(relative);
            outside = elsewhere;
        }
        if (!outside.empty())
            stray(fmt::format("disk {}, sector {}", disk, outside.front().begin / sector),
                  "it lies in no volume that the plan writes to, has changed");
        return fmt::format(
            "disk {}: {} sectors differ from the capture, {} of them in files of the plan, the "
            "rest is what describes those; no other cluster, record or entry has changed",
            disk, bytes_of(changed) / sector, content_bytes / sector);
    }

    void check_around(unsigned disk, block::BlockDevice& overlay, const Ranges& sectors) {
        const Ranges named = tidy(bytes_[disk]);
        for (const Range& range : without(sectors, named)) {
            Bytes old(range.end - range.begin);
            Bytes fresh(old.size());
            before_.disk(disk).read(range.begin, old);
            overlay.read(range.begin, fresh);
            if (old != fresh)
                stray(fmt::format("disk {}, sector {}", disk, range.begin / sector),
                      "more of it than the plan names has changed");
        }
    }

    const Plan& plan_;
    Volumes& before_;
    Volumes& after_;
    std::map<std::pair<unsigned, std::uint64_t>, std::unique_ptr<VolumeCheck>> volumes_;
    std::map<unsigned, Ranges> written_; ///< sectors of set-bytes actions
    std::map<unsigned, Ranges> bytes_;   ///< the bytes in them
};

} // namespace

std::vector<std::string> verify_untouched(const Plan& plan, Volumes& before, Volumes& after) {
    return DiskCheck(plan, before, after).run();
}

} // namespace ntferry::patch
