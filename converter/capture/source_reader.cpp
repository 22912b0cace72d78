// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/capture/source_reader.hpp"

#include "converter/block/copy.hpp"

#include <algorithm>
#include <cerrno>

namespace ntferry::capture {
namespace {

/// A gap this short costs less to read than another call (and another seek of an old disk) would.
constexpr std::size_t gap_worth_reading = 32U << 10U;
/// Ranges of the source asked for holes at once.
constexpr std::uint64_t extent_window = 256U << 20U;
/// After an error the reader jumps ahead, further each time, at most so far (GNU ddrescue: 1 % of the disk).
constexpr std::uint64_t longest_jump = 64U << 20U;

std::uint64_t page_up(std::uint64_t value) {
    return (value + block::zero_unit - 1) / block::zero_unit * block::zero_unit;
}

} // namespace

bool source_is_gone(const block::ReadError& error) {
    const int number = error.error_number();
    return number == ENXIO || number == ENODEV || number == ENOMEDIUM || number == ESHUTDOWN;
}

SourceReader::SourceReader(block::BlockDevice& source, const SkipList& skips, const block::RescueMap& map)
    : source_(source), skips_(skips), map_(map) {}

bool SourceReader::known_zero(std::uint64_t offset, std::uint64_t length) {
    const std::uint64_t end = offset + length;
    if (offset < window_begin_ || end > window_end_) {
        window_begin_ = offset;
        window_end_ = std::min(source_.size(), std::max(end, offset + extent_window));
        extents_ = source_.extents(window_begin_, window_end_ - window_begin_);
    }
    auto at = std::partition_point(extents_.begin(), extents_.end(), [&](const block::Extent& extent) {
        return extent.offset + extent.length <= offset;
    });
    for (; at != extents_.end() && at->offset < end; ++at)
        if (at->kind == block::ExtentKind::data)
            return false;
    return true;
}

bool SourceReader::untouched(std::uint64_t offset, std::uint64_t length) const {
    const block::RescueRange& known = map_.at(offset);
    return known.status == block::RescueStatus::non_tried && known.end() >= offset + length;
}

std::vector<ChunkRun> SourceReader::wanted(std::uint64_t offset, std::uint64_t length) {
    std::vector<ChunkRun> runs;
    const std::uint64_t end = offset + length;
    const auto& skips = skips_.ranges();
    std::size_t skip = skips_.first_after(offset);
    for (std::uint64_t at = offset; at < end;) {
        const block::RescueRange& known = map_.at(at);
        if (known.status != block::RescueStatus::non_tried) {
            at = known.end();
            continue;
        }
        std::uint64_t stop = std::min(end, known.end());
        while (skip < skips.size() && skips[skip].end() <= at)
            ++skip;
        if (skip < skips.size() && skips[skip].offset <= at) {
            at = skips[skip].end();
            continue;
        }
        if (skip < skips.size())
            stop = std::min(stop, skips[skip].offset);
        runs.push_back({at - offset, stop - at});
        at = stop;
    }
    if (!runs.empty() && known_zero(offset, length))
        runs.clear();
    return runs;
}

void SourceReader::read(Chunk& chunk, const std::vector<ChunkRun>& wanted) {
    for (std::size_t i = 0; i < wanted.size();) {
        // Several runs with short gaps between them in one call; the gaps are not used.
        std::size_t last = i;
        while (last + 1 < wanted.size() && wanted[last + 1].offset - wanted[last].end() <= gap_worth_reading)
            ++last;
        const ChunkRun span{wanted[i].offset, wanted[last].end() - wanted[i].offset};
        bool read_at_once = false;
        if (last > i && chunk.offset + span.offset >= jump_to_) {
            try {
                source_.read(chunk.offset + span.offset,
                             chunk.buffer->view().subspan(span.offset, span.length));
                bytes_read_ += span.length;
                chunk.read.insert(chunk.read.end(), wanted.begin() + static_cast<std::ptrdiff_t>(i),
                                  wanted.begin() + static_cast<std::ptrdiff_t>(last) + 1);
                read_at_once = true;
            } catch (const block::ReadError& error) {
                if (source_is_gone(error))
                    throw;
            }
        }
        for (; i <= last; ++i)
            if (!read_at_once)
                read_run(chunk, wanted[i]);
    }
    chunk.whole = chunk.unread.empty() && !chunk.partial;
    find_data(chunk);
}

void find_data(Chunk& chunk) {
    // Zeros are left out in pages of the disk, not of the run: a page is stored as a whole or not at all.
    for (const ChunkRun& run : chunk.read) {
        const ByteView bytes = chunk.buffer->view().subspan(run.offset, run.length);
        const std::size_t head = std::min<std::size_t>(run.length, page_up(run.offset) - run.offset);
        const auto add = [&](std::size_t at, std::size_t length) {
            if (!chunk.data.empty() && chunk.data.back().end() == at)
                chunk.data.back().length += length;
            else
                chunk.data.push_back({at, length});
        };
        if (head > 0 && !all_zero(bytes.first(head)))
            add(run.offset, head);
        block::for_each_nonzero(bytes.subspan(head), [&](std::size_t at, std::size_t length) {
            add(run.offset + head + at, length);
        });
    }
}

void SourceReader::read_run(Chunk& chunk, ChunkRun run) {
    const std::uint64_t at = chunk.offset + run.offset;
    if (at < jump_to_) {
        step_around(chunk, run);
        return;
    }
    try {
        source_.read(at, chunk.buffer->view().subspan(run.offset, run.length));
        bytes_read_ += run.length;
        chunk.read.push_back(run);
    } catch (const block::ReadError& error) {
        if (source_is_gone(error))
            throw;
        step_around(chunk, run);
    }
}

/// The run again in small steps: those that fail are for the trimming pass, those behind them for later
/// passes.
void SourceReader::step_around(Chunk& chunk, ChunkRun run) {
    const auto unread = [&](ChunkRun part, block::RescueStatus status) {
        chunk.unread.push_back({chunk.offset + part.offset, part.length, status});
    };
    for (std::size_t done = 0; done < run.length;) {
        const std::size_t at = run.offset + done;
        const ChunkRun part{at, std::min<std::size_t>(run.length - done, error_step - at % error_step)};
        done += part.length;
        if (chunk.offset + part.offset < jump_to_) {
            unread(part, block::RescueStatus::non_tried);
            continue;
        }
        try {
            source_.read(chunk.offset + part.offset, chunk.buffer->view().subspan(part.offset, part.length));
            bytes_read_ += part.length;
            chunk.read.push_back(part);
            jump_ = 0;
        } catch (const block::ReadError& error) {
            if (source_is_gone(error))
                throw;
            unread(part, block::RescueStatus::non_trimmed);
            jump_ = std::clamp(jump_ * 2, error_step, longest_jump);
            jump_to_ = chunk.offset + part.end() + jump_;
        }
    }
}

} // namespace ntferry::capture
