// Target: the image that is being captured into, its map and the digests of its chunks.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/block/rescue_map.hpp"
#include "converter/block/vhd/vhd.hpp"
#include "converter/capture/chunk.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace ntferry::capture {

/// One thread writes.
class Target {
  public:
    /// @param overwrite the image may hold older content: zeros are written too
    Target(block::vhd::ImagePtr image, block::RescueMap map, std::string map_path, bool overwrite,
           std::chrono::seconds save_every);

    /// Stores what was read and notes the rest in the map. Digests of whole chunks are kept.
    void store(const Chunk& chunk);
    /// A part that a later pass read well.
    void store(std::uint64_t offset, ByteView data);
    void mark(std::uint64_t offset, std::uint64_t length, block::RescueStatus status);

    /// Saves when it is time to.
    void save_if_due();
    /// Image first, then the map: what the map says is so.
    void save();

    block::RescueMap& map() { return map_; }
    block::vhd::Image& image() { return *image_; }
    std::uint64_t written() const { return written_; }
    std::uint64_t changed_chunks() const { return changed_chunks_; }
    /// Per chunk; nothing where it has to be computed from the image.
    std::vector<std::optional<Digest>>& digests() { return digests_; }
    /// Chunks that still have this digest are not written again.
    void set_known(std::vector<Digest> known) { known_ = std::move(known); }

  private:
    void store_partial(const Chunk& chunk);
    void write_data(const Chunk& chunk);
    void zero_rest(const Chunk& chunk);

    block::vhd::ImagePtr image_;
    block::RescueMap map_;
    std::string map_path_;
    bool overwrite_;
    std::chrono::seconds save_every_;
    std::chrono::steady_clock::time_point saved_ = std::chrono::steady_clock::now();
    std::vector<std::optional<Digest>> digests_;
    std::vector<Digest> known_;
    std::uint64_t written_ = 0;
    std::uint64_t written_back_ = 0; ///< of them, asked to be on their way to the disk
    std::uint64_t changed_chunks_ = 0;
};

} // namespace ntferry::capture
