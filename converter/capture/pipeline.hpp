// The first pass: reading, hashing and writing at the same time.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/base/progress.hpp"
#include "converter/block/device.hpp"
#include "converter/capture/ranges.hpp"
#include "converter/capture/target.hpp"

#include <stop_token>

namespace ntferry::capture {

struct PipelineResult {
    std::uint64_t bytes_read = 0;
    std::uint64_t bytes_skipped = 0; ///< left out, or known to be zeros
};

/// Reads everything that matters and that target.map() calls non-tried, in order, and stores it.
///
/// A thread reads, a second hashes, the caller's writes and tells progress; six chunks of 4 MiB are under
/// way at most. Where hashing falls behind, the reader hashes too. A source that implements
/// block::ParallelReads has more readers.
/// @throws Error of the source or the target, after what was read before has been stored; Interrupted
PipelineResult run_pipeline(block::BlockDevice& source, const SkipList& skips, Target& target, bool digests,
                            Progress& progress, const std::stop_token& stop);

} // namespace ntferry::capture
