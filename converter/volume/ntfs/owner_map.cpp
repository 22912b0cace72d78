// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/volume/ntfs/owner_map.hpp"

#include "converter/volume/ntfs/mft_record.hpp"

#include <algorithm>

namespace ntferry::volume::ntfs {

/// Calls visit(record number, run) for every run of every record in use, in record order; stops when it says
/// so.
template <typename Visit>
void OwnerMap::scan(Visit&& visit) {
    ntfs_volume* volume = mount_.volume();
    const std::uint32_t size = volume->mft_record_size;
    const auto total = static_cast<std::uint64_t>(volume->mft_na->initialized_size) / size;
    constexpr std::uint64_t batch = 256;
    Bytes buffer(batch * size);
    for (std::uint64_t first = 0; first < total; first += batch) {
        mount_.refill();
        const std::uint64_t want = std::min(batch, total - first) * size;
        const s64 got = ntfs_attr_pread(volume->mft_na, static_cast<s64>(first * size),
                                        static_cast<s64>(want), buffer.data());
        if (got <= 0)
            continue; // an unreadable stretch of the MFT owns nothing we could name
        const auto records = static_cast<std::uint64_t>(got) / size;
        for (std::uint64_t i = 0; i < records; ++i) {
            const MutableByteView bytes(buffer.data() + i * size, size);
            if (!apply_fixups(bytes))
                continue;
            const std::optional<MftRecord> record = parse_mft_record(bytes, clusters_);
            if (!record || !record->in_use)
                continue;
            const std::uint64_t owner = record->base_record != 0 ? record->base_record : first + i;
            for (const RecordAttribute& attribute : record->attributes)
                for (const Run& run : attribute.runs)
                    if (!visit(owner, run))
                        return;
        }
    }
}

OwnerMap::OwnerMap(Mount& mount, const Bpb& bpb, std::size_t max_runs)
    : mount_(mount), clusters_(bpb.cluster_count) {
    scan([&](std::uint64_t record, const Run& run) {
        if (record == FILE_BadClus)
            return true; // its sparse stream covers what no file may own
        if (entries_.size() >= max_runs || run.lcn > UINT32_MAX || run.length > UINT32_MAX) {
            complete_ = false;
            return true;
        }
        entries_.push_back(
            {static_cast<std::uint32_t>(run.lcn), static_cast<std::uint32_t>(run.length), record});
        return true;
    });
    std::sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) { return a.lcn < b.lcn; });
}

std::optional<std::uint64_t> OwnerMap::owner(std::uint64_t cluster) {
    auto next = std::upper_bound(entries_.begin(), entries_.end(), cluster,
                                 [](std::uint64_t c, const Entry& entry) { return c < entry.lcn; });
    if (next != entries_.begin()) {
        const Entry& entry = *std::prev(next);
        if (cluster - entry.lcn < entry.length)
            return entry.record;
    }
    if (complete_)
        return std::nullopt;
    std::optional<std::uint64_t> found;
    scan([&](std::uint64_t record, const Run& run) {
        if (cluster >= run.lcn && cluster - run.lcn < run.length)
            found = record;
        return !found;
    });
    return found;
}

} // namespace ntferry::volume::ntfs
