// The block allocation table: for each block of the disk the sector of the file where its bitmap starts.
// VHD specification 1.0, "Block Allocation Table and Data Blocks".
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/block/file.hpp"
#include "converter/block/vhd/dynamic_header.hpp"

#include <set>
#include <vector>

namespace ntferry::block::vhd {

/// The table in memory, with the sectors of it that are still to be written.
class Bat {
  public:
    static constexpr std::uint32_t unused = 0xFFFFFFFF;
    /// More entries than any disk of up to 2 TiB needs with the smallest blocks that tools write (512 KiB),
    /// and a bound to what a hostile header makes us read.
    static constexpr std::uint32_t most_entries = 16U << 20U;

    /// An empty table.
    Bat(std::uint64_t table_offset, std::uint32_t entries);
    /// The first `entries` entries of the table in the file. @throws Error when they lie outside it
    static Bat read(const File& file, std::uint64_t table_offset, std::uint32_t entries);

    std::uint32_t size() const { return static_cast<std::uint32_t>(entries_.size()); }
    bool allocated(std::uint32_t block) const { return entries_[block] != unused; }
    std::uint32_t sector(std::uint32_t block) const { return entries_[block]; }
    /// Byte offset of the block's bitmap in the file.
    std::uint64_t offset(std::uint32_t block) const { return std::uint64_t{entries_[block]} * sector_size; }
    void set(std::uint32_t block, std::uint32_t sector);

    bool dirty() const { return !dirty_sectors_.empty(); }
    /// Writes the changed sectors of the table; the caller orders that after the data and syncs.
    void write_changes(File& file);
    /// Writes the whole table, padded with unused entries to whole sectors.
    void write_all(File& file);
    /// Bytes of the table in the file.
    static std::uint64_t stored_bytes(std::uint32_t entries);

  private:
    void write_sectors(File& file, std::uint32_t first, std::uint32_t count) const;
    std::uint64_t table_offset_;
    std::vector<std::uint32_t> entries_;
    std::set<std::uint32_t> dirty_sectors_;
};

} // namespace ntferry::block::vhd
