// Parent locators: the names under which a differencing VHD knows its parent.
// VHD specification 1.0, "Dynamic Disk Header Format", parent locator entries.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/block/file.hpp"
#include "converter/block/vhd/dynamic_header.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace ntferry::block::vhd {

enum LocatorPlatform : std::uint32_t {
    platform_w2ru = 0x57327275, ///< relative path, UTF-16LE
    platform_w2ku = 0x57326B75, ///< absolute path, UTF-16LE
    platform_wi2r = 0x57693272, ///< relative path, ANSI, deprecated
    platform_wi2k = 0x5769326B, ///< absolute path, ANSI, deprecated
    platform_macx = 0x4D616358, ///< file URL, UTF-8
};

struct ParentName {
    std::uint32_t platform = 0;
    std::string text; ///< UTF-8, as stored
};

/// Every name stored in the file, relative ones first, then absolute ones, then the header's plain name.
/// Entries that lie outside the file or are unreasonably long are left out.
std::vector<ParentName> stored_parent_names(const File& file, const DynamicHeader& header);

/// Files to look for, in order: relative to the child's folder, as absolute path, and by the bare file name
/// beside the child (a Windows path of another machine still helps so).
std::vector<std::string> parent_candidates(const std::string& child_path,
                                           const std::vector<ParentName>& names);

/// ".\disk0.vhd" or "..\base\disk0.vhd": parent_path as seen from the folder of child_path.
std::string relative_locator(const std::string& child_path, const std::string& parent_path);

/// The bytes of a locator: UTF-16LE without a terminator.
Bytes encode_locator(std::string_view path);

} // namespace ntferry::block::vhd
