// Where the structures of one VHD file lie: footer, its copy, dynamic header.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/block/file.hpp"
#include "converter/block/vhd/dynamic_header.hpp"

#include <optional>

namespace ntferry::block::vhd {

struct Layout {
    Footer footer;                       ///< the one at the end, or its copy when that is damaged
    std::optional<DynamicHeader> header; ///< of dynamic and differencing disks
    std::uint64_t footer_offset = 0;     ///< where the footer at the end is, or has to be
    bool end_footer_valid = false;
    std::uint32_t blocks = 0; ///< that the disk needs; 0 for fixed

    std::uint64_t disk_size() const { return footer.disk_size(); }
};

/// A footer cookie at either end.
bool looks_like_vhd(const File& file);

/// Reads and judges the structures, not the BAT. @throws Error in one line for whatever cannot be opened
Layout read_layout(const File& file);

/// Data of a new block starts at a multiple of this, so that guests' 4 KiB pages are pages of the file.
constexpr std::uint64_t data_alignment = 4096;

/// The first place at or after `from` for a block's bitmap such that the data behind it is aligned.
std::uint64_t place_for_block(std::uint64_t from, std::uint32_t bitmap_bytes);

} // namespace ntferry::block::vhd
