// One directory of a FAT volume: its slots in memory, each with its place on the volume.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/volume/fat/entry.hpp"
#include "converter/volume/fat/table.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace ntferry::volume::fat {

class Directory {
  public:
    /// @param first_cluster 0 for the root directory
    /// @throws Error when its chain is damaged or longer than the 65,536 slots that FAT allows
    Directory(block::BlockDevice& device, const Layout& layout, Table& table, std::uint32_t first_cluster);

    /// 0 for the root directory, also on FAT32: as ".." stores it.
    std::uint32_t first_cluster() const { return first_cluster_; }
    const std::vector<Entry>& entries() const { return entries_; }
    /// By long or short name, ignoring case; labels are not files.
    const Entry* find(std::u16string_view name) const;

    /// Adds an entry with a free short name and, where the name needs it, a long one.
    /// @param fields 21 bytes from offset 11 of the 8.3 slot: attributes, times, cluster, size
    /// @return the entry as it is now
    Entry add(std::u16string_view name, ByteView fields);
    void remove(const Entry& entry);
    /// The 8.3 slot of an entry, to be changed and given back.
    Bytes slot(const Entry& entry) const;
    void put_slot(const Entry& entry, ByteView bytes);

  private:
    void load();
    std::uint64_t offset_of(std::size_t slot) const;
    void write_slots(std::size_t first, std::size_t count);
    std::size_t find_room(std::size_t slots);
    void grow();

    block::BlockDevice& device_;
    const Layout& layout_;
    Table& table_;
    std::uint32_t first_cluster_;
    std::vector<std::uint32_t> clusters_; ///< empty: the fixed root directory
    Bytes bytes_;
    std::vector<Entry> entries_;
};

} // namespace ntferry::volume::fat
