// Proves an image, and its source if that is still there, against the manifest.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/base/progress.hpp"
#include "converter/block/device.hpp"
#include "converter/capture/manifest.hpp"
#include "converter/capture/ranges.hpp"

#include <cstdint>
#include <optional>
#include <stop_token>
#include <vector>

namespace ntferry::capture {

struct Mismatch {
    std::uint64_t offset = 0; ///< of the first chunk that differs, bytes
    std::uint64_t length = 0;
    bool operator==(const Mismatch&) const = default;
};

/// Digest of chunk `index` as it reads from a disk, without what is skipped. Holes are not read.
Digest digest_chunk(block::BlockDevice& disk, std::size_t index, std::uint64_t disk_size,
                    const SkipList& skips, MutableByteView buffer, Sha256& hash);

/// Compares every chunk of a disk with the manifest; neighbours that differ are joined. Two threads hash.
/// @param skips what the capture left out; empty for the image itself
/// @throws Error when the disk is smaller than the manifest says, or cannot be read
std::vector<Mismatch> verify_disk(block::BlockDevice& disk, const Manifest& manifest, const SkipList& skips,
                                  Progress& progress, const std::stop_token& stop);

/// Computes the digests that are missing, from the image. @throws Error; Interrupted
void complete_digests(block::BlockDevice& image, std::uint64_t disk_size,
                      std::vector<std::optional<Digest>>& digests, Progress& progress,
                      const std::stop_token& stop);

} // namespace ntferry::capture
