// Cells of a hive image, edited where they lie, and the checks that keep an edited hive loadable by NT 4.0.
//
// Layout after "Windows registry file format specification" (M. Suhanov), "Key node", "Key value", "Fast
// leaf".
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/registry/base_block.hpp"
#include "converter/registry/value.hpp"

#include <string>
#include <vector>

namespace ntferry::registry::cells {

/// Bytes of an image.
struct Range {
    std::size_t offset = 0;
    std::size_t length = 0;
};

/// Overwrites the data of the value cell at file offset vk without moving anything: inside the cell itself up
/// to 4 bytes, or inside the data cell that it has. Returns what was written; nothing when it does not fit.
/// @throws Error when there is no such value cell
std::vector<Range> overwrite_value(MutableByteView image, std::size_t vk, const Value& value);

/// Makes the list of subkeys of the key at file offset nk what NT 4.0 reads: hash leaves (lh), which Hivex
/// makes for a key's first child, become fast leaves (lf), entries sorted by upper-cased name.
void normalise_subkeys(MutableByteView image, std::size_t nk);

/// What NT 4.0 could not load: format newer than 1.3, hash leaves, big data. Looks at every allocated cell.
std::vector<std::string> foreign_features(ByteView image, const BaseBlock& base);

/// Every cell lies in its bin, sizes are multiples of 8; returns what is wrong, at most eight lines.
std::vector<std::string> check_cells(ByteView image, const BaseBlock& base);

} // namespace ntferry::registry::cells
