// The file allocation table: cluster chains, in every copy alike.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/block/device.hpp"
#include "converter/volume/fat/layout.hpp"

#include <cstdint>
#include <map>
#include <vector>

namespace ntferry::volume::fat {

/// Reads the first copy, writes all. Pages are cached; changes go out with flush().
class Table {
  public:
    Table(block::BlockDevice& device, const Layout& layout) : device_(device), layout_(layout) {}

    /// Raw entry, 12, 16 or 28 bits. cluster may be 0 and 1.
    std::uint32_t get(std::uint32_t cluster);
    void set(std::uint32_t cluster, std::uint32_t value);

    bool is_end(std::uint32_t value) const { return value >= end_minimum(); }
    bool is_bad(std::uint32_t value) const { return value == end_minimum() - 1; }
    std::uint32_t end_mark() const { return end_minimum() | 0xFU; }

    /// Clusters of a chain, limit at most. @throws Error when it leaves the volume, meets a free or bad
    /// cluster or is longer than the volume (it loops)
    std::vector<std::uint32_t> chain(std::uint32_t first, std::uint64_t limit = UINT64_MAX);
    /// Takes count free clusters and links them, behind tail when that is not 0. Zeroes nothing.
    /// @throws Error when the volume is full; then nothing is taken
    std::vector<std::uint32_t> allocate(std::size_t count, std::uint32_t tail);
    /// Marks the clusters free.
    void release(const std::vector<std::uint32_t>& clusters);
    std::uint64_t count_free();
    /// Writes what changed to every copy.
    void flush();
    /// Forgets what was not written yet: an operation failed half-way.
    void revert();

  private:
    struct Page {
        Bytes bytes;
        std::size_t dirty_begin = SIZE_MAX;
        std::size_t dirty_end = 0;
    };
    std::uint32_t end_minimum() const;
    std::uint8_t& byte(std::uint64_t offset, bool dirty);
    void write_page(std::uint64_t number, Page& page);

    static constexpr std::size_t page_size = std::size_t{64} << 10U;
    static constexpr std::size_t max_pages = 64;
    block::BlockDevice& device_;
    const Layout& layout_;
    std::map<std::uint64_t, Page> pages_;
    std::uint32_t next_ = 2; ///< where the search for free clusters goes on
};

} // namespace ntferry::volume::fat
