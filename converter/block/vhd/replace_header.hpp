// Changes of a differencing VHD's header that a power cut at any moment survives.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/block/vhd/layout.hpp"

#include <string>

namespace ntferry::block::vhd {

/// What a differencing disk says about its parent.
struct ParentReference {
    UniqueId id{};
    std::uint32_t timestamp = 0;
    std::u16string file_name; ///< up to 255 UTF-16 units
    std::string relative;     ///< locator W2ru: ".\\base.vhd"
    std::string absolute;     ///< locator W2ku
};

/// Puts another header in the place of the one that layout.footer names.
///
/// A header is two sectors, and a power cut may leave one of each. So the new one is first written behind
/// everything, then the footer at the end is made to name it, in one sector; then the old place is
/// overwritten, the footer set back and the tail cut off. The copy of the footer at offset 0 never changes:
/// whoever opens the file in between finds the old header or the new one, whole.
void replace_header(File& file, const Layout& layout, const DynamicHeader& header);

/// Names another parent: locators in new room, then the header. @throws Error when no locator is free
void set_parent(File& file, const ParentReference& parent);

} // namespace ntferry::block::vhd
