// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/capture/target.hpp"

#include "converter/block/copy.hpp"

#include <algorithm>

namespace ntferry::capture {

Target::Target(block::vhd::ImagePtr image, block::RescueMap map, std::string map_path, bool overwrite,
               std::chrono::seconds save_every)
    : image_(std::move(image)), map_(std::move(map)), map_path_(std::move(map_path)), overwrite_(overwrite),
      save_every_(save_every), digests_(Manifest::chunks_of(map_.size())) {}

void Target::store(const Chunk& chunk) {
    if (chunk.partial) {
        store_partial(chunk);
        return;
    }
    const std::size_t first = chunk.offset / manifest_chunk;
    const std::size_t count = Manifest::chunks_of(chunk.length);
    bool changed = !chunk.whole;
    for (std::size_t i = first; chunk.whole && i < first + count; ++i) {
        const std::uint64_t begin = i * manifest_chunk;
        const Digest digest =
            chunk.buffer ? chunk.digest : zero_digest(std::min(manifest_chunk, map_.size() - begin));
        digests_[i] = digest;
        if (i >= known_.size() || known_[i] != digest) {
            changed = true;
            changed_chunks_ += known_.empty() ? 0 : 1;
        }
    }
    if (changed) {
        if (overwrite_)
            zero_rest(chunk);
        write_data(chunk);
    }
    map_.set(chunk.offset, chunk.length, block::RescueStatus::finished);
    for (const block::RescueRange& range : chunk.unread)
        map_.set(range.offset, range.length, range.status);
}

void Target::store_partial(const Chunk& chunk) {
    for (const ChunkRun& run : chunk.read) {
        image_->zero(chunk.offset + run.offset, run.length);
        map_.set(chunk.offset + run.offset, run.length, block::RescueStatus::finished);
    }
    write_data(chunk);
    for (const block::RescueRange& range : chunk.unread)
        map_.set(range.offset, range.length, range.status);
}

void Target::write_data(const Chunk& chunk) {
    for (const ChunkRun& run : chunk.data) {
        image_->write(chunk.offset + run.offset, chunk.buffer->view().subspan(run.offset, run.length));
        written_ += run.length;
    }
    // The disk works while the next chunks are read and hashed, not at the end.
    constexpr std::uint64_t writeback_step = 16U << 20U;
    if (written_ - written_back_ >= writeback_step) {
        image_->start_writeback();
        written_back_ = written_;
    }
}

/// Old content that is now zero or left out. What could not be read stays as it was.
void Target::zero_rest(const Chunk& chunk) {
    std::vector<ChunkRun> keep = chunk.data;
    for (const block::RescueRange& range : chunk.unread)
        keep.push_back({range.offset - chunk.offset, range.length});
    std::sort(keep.begin(), keep.end(),
              [](const ChunkRun& a, const ChunkRun& b) { return a.offset < b.offset; });
    std::uint64_t at = 0;
    for (const ChunkRun& run : keep) {
        if (run.offset > at)
            image_->zero(chunk.offset + at, run.offset - at);
        at = std::max<std::uint64_t>(at, run.end());
    }
    if (at < chunk.length)
        image_->zero(chunk.offset + at, chunk.length - at);
}

void Target::store(std::uint64_t offset, ByteView data) {
    if (overwrite_ || !all_zero(data)) {
        image_->write(offset, data);
        written_ += data.size();
    }
    mark(offset, data.size(), block::RescueStatus::finished);
}

void Target::mark(std::uint64_t offset, std::uint64_t length, block::RescueStatus status) {
    map_.set(offset, length, status);
    map_.position = offset;
    for (std::uint64_t i = offset / manifest_chunk; i <= (offset + length - 1) / manifest_chunk; ++i)
        digests_[i].reset();
}

void Target::save_if_due() {
    if (std::chrono::steady_clock::now() - saved_ >= save_every_)
        save();
}

void Target::save() {
    image_->flush();
    map_.save(map_path_);
    saved_ = std::chrono::steady_clock::now();
}

} // namespace ntferry::capture
