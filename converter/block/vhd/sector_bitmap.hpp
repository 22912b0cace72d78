// The sector bitmap in front of each data block: bit 7 of byte 0 is sector 0.
// VHD specification 1.0, "Block Allocation Table and Data Blocks".
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/base/bytes.hpp"
#include "converter/block/vhd/geometry.hpp"

namespace ntferry::block::vhd {

/// Bytes that the bitmap of a block takes in the file: whole sectors.
constexpr std::uint32_t bitmap_bytes_for(std::uint32_t block_size) {
    const std::uint32_t bits_per_sector = sector_size * 8;
    const std::uint32_t sectors = block_size / sector_size;
    return (sectors + bits_per_sector - 1) / bits_per_sector * sector_size;
}

class SectorBitmap {
  public:
    explicit SectorBitmap(std::uint32_t block_size)
        : sectors_(block_size / sector_size), bytes_(bitmap_bytes_for(block_size)) {}

    std::uint32_t sectors() const { return sectors_; }
    bool test(std::uint32_t sector) const { return (bytes_[sector / 8] >> (7U - sector % 8) & 1U) != 0; }
    /// How many sectors from this one on, at most limit, have the same bit. limit stays inside the block.
    std::uint32_t run_length(std::uint32_t sector, std::uint32_t limit) const;
    /// Sets bits; true when one of them was clear.
    bool set(std::uint32_t first, std::uint32_t count);

    MutableByteView bytes() { return bytes_; }
    ByteView bytes() const { return bytes_; }

  private:
    std::uint32_t sectors_;
    Bytes bytes_;
};

} // namespace ntferry::block::vhd
