// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/capture/verify.hpp"

#include "converter/capture/chunk.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <mutex>
#include <thread>

namespace ntferry::capture {
namespace {

bool known_zero(block::BlockDevice& disk, std::uint64_t offset, std::uint64_t length) {
    const auto extents = disk.extents(offset, length);
    return std::none_of(extents.begin(), extents.end(),
                        [](const block::Extent& extent) { return extent.kind == block::ExtentKind::data; });
}

/// Runs work(index, buffer, hash) for every index below count, on two threads; the caller's tells progress.
void for_each_chunk(std::size_t count, std::uint64_t disk_size, Progress& progress,
                    const std::stop_token& stop, const std::string& where,
                    const std::function<void(std::size_t, MutableByteView, Sha256&)>& work) {
    std::atomic<std::size_t> next{0};
    std::atomic<bool> failed{false};
    std::mutex mutex;
    std::exception_ptr error;
    const auto loop = [&](bool tells) {
        try {
            ChunkBuffer buffer;
            Sha256 hash;
            for (std::size_t index = next++; index < count && !failed; index = next++) {
                if (stop.stop_requested())
                    throw Interrupted(where);
                work(index, buffer.view(), hash);
                if (tells)
                    progress.update(
                        {.done = std::min(disk_size, (index + 1) * manifest_chunk), .total = disk_size});
            }
        } catch (...) {
            const std::lock_guard lock(mutex);
            if (!error)
                error = std::current_exception();
            failed = true;
        }
    };
    {
        const std::jthread other([&] { loop(false); });
        loop(true);
    }
    if (error)
        std::rethrow_exception(error);
    progress.update({.done = disk_size, .total = disk_size});
}

} // namespace

Digest digest_chunk(block::BlockDevice& disk, std::size_t index, std::uint64_t disk_size,
                    const SkipList& skips, MutableByteView buffer, Sha256& hash) {
    const std::uint64_t offset = index * manifest_chunk;
    const std::uint64_t length = std::min(manifest_chunk, disk_size - offset);
    const auto& ranges = skips.ranges();
    std::size_t skip = skips.first_after(offset);
    const bool skipped =
        skip < ranges.size() && ranges[skip].offset <= offset && ranges[skip].end() >= offset + length;
    if (skipped || known_zero(disk, offset, length))
        return zero_digest(length);
    const MutableByteView part = buffer.first(length);
    disk.read(offset, part);
    for (; skip < ranges.size() && ranges[skip].offset < offset + length; ++skip) {
        const std::uint64_t begin = std::max(offset, ranges[skip].offset) - offset;
        const std::uint64_t end = std::min(offset + length, ranges[skip].end()) - offset;
        std::fill(part.begin() + static_cast<std::ptrdiff_t>(begin),
                  part.begin() + static_cast<std::ptrdiff_t>(end), std::uint8_t{0});
    }
    if (all_zero(part))
        return zero_digest(length);
    hash.update(part);
    return hash.finish();
}

std::vector<Mismatch> verify_disk(block::BlockDevice& disk, const Manifest& manifest, const SkipList& skips,
                                  Progress& progress, const std::stop_token& stop) {
    if (disk.size() < manifest.disk_size)
        throw Error(disk.name(), fmt::format("has {} bytes, the manifest is of a disk of {}", disk.size(),
                                             manifest.disk_size));
    std::mutex mutex;
    std::vector<std::size_t> different;
    for_each_chunk(manifest.chunks.size(), manifest.disk_size, progress, stop, disk.name(),
                   [&](std::size_t index, MutableByteView buffer, Sha256& hash) {
                       bool same = false;
                       try {
                           same = digest_chunk(disk, index, manifest.disk_size, skips, buffer, hash) ==
                                  manifest.chunks[index];
                       } catch (const block::ReadError&) { // NOLINT(bugprone-empty-catch): not proved
                       }
                       if (!same) {
                           const std::lock_guard lock(mutex);
                           different.push_back(index);
                       }
                   });
    std::sort(different.begin(), different.end());
    std::vector<Mismatch> mismatches;
    for (const std::size_t index : different) {
        const std::uint64_t offset = index * manifest_chunk;
        if (!mismatches.empty() && mismatches.back().offset + mismatches.back().length == offset)
            mismatches.back().length += manifest.chunk_length(index);
        else
            mismatches.push_back({offset, manifest.chunk_length(index)});
    }
    return mismatches;
}

void complete_digests(block::BlockDevice& image, std::uint64_t disk_size,
                      std::vector<std::optional<Digest>>& digests, Progress& progress,
                      const std::stop_token& stop) {
    if (std::all_of(digests.begin(), digests.end(), [](const auto& digest) { return digest.has_value(); }))
        return;
    progress.phase("digests", disk_size);
    const SkipList nothing;
    for_each_chunk(digests.size(), disk_size, progress, stop, image.name(),
                   [&](std::size_t index, MutableByteView buffer, Sha256& hash) {
                       if (!digests[index])
                           digests[index] = digest_chunk(image, index, disk_size, nothing, buffer, hash);
                   });
    progress.done();
}

} // namespace ntferry::capture
