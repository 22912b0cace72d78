// Chunk: 4 MiB of the disk on their way from the source to the image.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/block/rescue_map.hpp"
#include "converter/capture/manifest.hpp"

#include <cstdlib>
#include <memory>
#include <new>
#include <vector>

namespace ntferry::capture {

/// Bytes inside a chunk.
struct ChunkRun {
    std::size_t offset = 0;
    std::size_t length = 0;
    std::size_t end() const { return offset + length; }
};

/// Page-aligned memory of one chunk, so that disks can be read without the page cache.
class ChunkBuffer {
  public:
    ChunkBuffer() : bytes_(static_cast<std::uint8_t*>(std::aligned_alloc(4096, manifest_chunk))) {
        if (!bytes_)
            throw std::bad_alloc();
    }
    MutableByteView view() { return {bytes_.get(), manifest_chunk}; }

  private:
    struct Free {
        void operator()(std::uint8_t* memory) const {
            std::free(memory);
        } // NOLINT(cppcoreguidelines-no-malloc)
    };
    std::unique_ptr<std::uint8_t, Free> bytes_;
};

struct Chunk {
    std::uint64_t offset = 0; ///< of the disk
    std::uint64_t length = 0; ///< covered; more than 4 MiB only for empty chunks, which come in runs
    std::unique_ptr<ChunkBuffer> buffer;    ///< none for empty chunks
    std::vector<ChunkRun> read;             ///< what was read well
    std::vector<ChunkRun> data;             ///< parts of it that are not zero; all else reads as zeros
    std::vector<block::RescueRange> unread; ///< what was wanted and not read, with its status
    /// An earlier run dealt with parts of it: only what was read now is stored, the rest stays.
    bool partial = false;
    bool whole = true; ///< everything wanted is here: the digest is that of the final content
    Digest digest{};   ///< if whole
};

} // namespace ntferry::capture
