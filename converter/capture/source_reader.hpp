// SourceReader: fills chunks with what matters of a disk, steps around what cannot be read.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/block/device.hpp"
#include "converter/capture/chunk.hpp"
#include "converter/capture/ranges.hpp"

#include <cstdint>
#include <vector>

namespace ntferry::capture {

/// Not thread-safe: one thread reads.
class SourceReader {
  public:
    /// @param map of the run before: only what it calls non-tried is read; must outlive the reader
    SourceReader(block::BlockDevice& source, const SkipList& skips, const block::RescueMap& map);

    /// The wanted parts of [offset, offset + length), length at most one chunk.
    std::vector<ChunkRun> wanted(std::uint64_t offset, std::uint64_t length);
    /// Whether nothing of the range was dealt with by an earlier run.
    bool untouched(std::uint64_t offset, std::uint64_t length) const;
    /// Reads them into the chunk's buffer; errors end up in chunk.unread. @throws Error when the source is
    /// gone
    void read(Chunk& chunk, const std::vector<ChunkRun>& wanted);
    std::uint64_t bytes_read() const { return bytes_read_; }

  private:
    void read_run(Chunk& chunk, ChunkRun run);
    void step_around(Chunk& chunk, ChunkRun run);
    bool known_zero(std::uint64_t offset, std::uint64_t length);

    block::BlockDevice& source_;
    const SkipList& skips_;
    const block::RescueMap& map_;
    std::vector<block::Extent> extents_; ///< of a window
    std::uint64_t window_begin_ = 0;
    std::uint64_t window_end_ = 0;
    std::uint64_t jump_to_ = 0; ///< nothing before this is tried in this pass
    std::uint64_t jump_ = 0;
    std::uint64_t bytes_read_ = 0;
};

/// Finds what is not zero in what was read: fills chunk.data, in pages of the disk.
void find_data(Chunk& chunk);

/// Errors after which going on makes no sense: the device has left, not a sector.
bool source_is_gone(const block::ReadError& error);

/// Bytes of one read around errors, as GNU ddrescue's clusters.
constexpr std::uint64_t error_step = 64U << 10U;

} // namespace ntferry::capture
