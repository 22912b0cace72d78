// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/capture/used_map.hpp"

#include "converter/capture/volume_usage.hpp"
#include "converter/volume/mbr.hpp"
#include "converter/volume/partition_device.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace ntferry::capture {
namespace {

/// The disk belongs to the caller; partitions want shared ownership.
block::SharedBlockDevice borrowed(block::BlockDevice& disk) {
    return {std::shared_ptr<void>(), &disk};
}

struct Candidate {
    MappedVolume volume;
    bool overlaps = false;
};

/// Partitions that may hold a volume, by their place on the disk.
std::vector<Candidate> candidates(block::BlockDevice& disk, std::vector<std::string>& notes) {
    std::vector<Candidate> found;
    try {
        const volume::DiskLayout layout = volume::read_layout(disk);
        for (const std::string& problem : layout.problems)
            notes.push_back(problem);
        for (const volume::Partition& partition : layout.partitions) {
            if (partition.is_extended() || partition.offset() >= disk.size())
                continue;
            Candidate candidate;
            candidate.volume.number = partition.index + 1;
            candidate.volume.offset = partition.offset();
            candidate.volume.length = std::min(partition.bytes(), disk.size() - partition.offset());
            found.push_back(candidate);
        }
    } catch (const Error& error) {
        // A disk without a table may be one volume ("superfloppy").
        Bytes sector(512);
        try {
            disk.read(0, sector);
            if (volume::parse_bpb(sector)) {
                Candidate candidate;
                candidate.volume.number = 1;
                candidate.volume.length = disk.size();
                return {candidate};
            }
        } catch (const block::ReadError&) { // NOLINT(bugprone-empty-catch): told below with the same sector
        }
        notes.push_back(fmt::format("copied whole: {}", error.problem()));
        return {};
    }
    std::sort(found.begin(), found.end(),
              [](const Candidate& a, const Candidate& b) { return a.volume.offset < b.volume.offset; });
    std::uint64_t end = 0;
    for (std::size_t i = 0; i < found.size(); ++i) {
        if (i > 0 && found[i].volume.offset < end)
            found[i].overlaps = found[i - 1].overlaps = true;
        end = std::max(end, found[i].volume.offset + found[i].volume.length);
    }
    return found;
}

/// @throws Error with the reason for which the volume is copied whole
VolumeUsage usage_of(block::BlockDevice& disk, const MappedVolume& volume) {
    volume::PartitionDevice device(borrowed(disk), volume.offset, volume.length,
                                   fmt::format("partition {}", volume.number));
    Bytes sector(512);
    device.read(0, sector);
    const std::optional<volume::Bpb> bpb = volume::parse_bpb(sector);
    if (!bpb)
        throw Error({}, "neither NTFS nor FAT");
    if (bpb->total_sectors > volume.length / bpb->bytes_per_sector)
        throw Error({}, "the file system is larger than the partition (part of a volume set or stripe set)");
    return bpb->kind == volume::FileSystemKind::ntfs ? ntfs_usage(device, *bpb) : fat_usage(device, *bpb);
}

} // namespace

void merge_skips(SkipList& out, const std::vector<Skip>& free, std::vector<Skip> page_file) {
    std::sort(page_file.begin(), page_file.end(),
              [](const Skip& a, const Skip& b) { return a.offset < b.offset; });
    std::uint64_t end = 0;
    const auto add = [&](const Skip& range) {
        const std::uint64_t from = std::max(end, range.offset);
        if (from < range.end()) {
            out.add(from, range.end() - from, range.kind);
            end = range.end();
        }
    };
    auto next = page_file.begin();
    for (const Skip& range : free) {
        for (; next != page_file.end() && next->offset < range.offset; ++next)
            add(*next);
        add(range);
    }
    for (; next != page_file.end(); ++next)
        add(*next);
}

UsedMap build_used_map(block::BlockDevice& disk, const UsedMapOptions& options) {
    UsedMap map;
    for (Candidate& candidate : candidates(disk, map.notes)) {
        MappedVolume& volume = candidate.volume;
        try {
            if (candidate.overlaps)
                throw Error({}, "it overlaps another partition");
            const VolumeUsage usage = usage_of(disk, volume);
            volume.file_system = usage.file_system;
            if (!usage.note.empty())
                map.notes.push_back(fmt::format("partition {}: {}", volume.number, usage.note));
            if (!usage.clean && !options.trust_dirty)
                throw Error({}, "it was not shut down cleanly, its log may still give free space to files");
            for (const Skip& skip : usage.skips.ranges())
                map.skips.add(volume.offset + skip.offset, skip.length, skip.kind);
            volume.free_bytes = usage.skips.bytes(SkipKind::free_space);
            volume.page_file_bytes = usage.skips.bytes(SkipKind::page_file);
        } catch (const Error& error) {
            volume.copied_whole_because = error.problem();
            map.notes.push_back(
                fmt::format("partition {} is copied whole: {}", volume.number, volume.copied_whole_because));
        }
        map.volumes.push_back(volume);
    }
    return map;
}

} // namespace ntferry::capture
