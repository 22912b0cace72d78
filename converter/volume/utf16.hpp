// UTF-8 and the UTF-16 of NTFS and FAT names. Lone surrogates survive a round trip (as WTF-8), as NT allows
// them. SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

namespace ntferry::volume {

/// @throws Error when text is not UTF-8
std::u16string utf8_to_utf16(std::string_view text);
/// Never fails: a lone surrogate becomes its three-byte form.
std::string utf16_to_utf8(std::u16string_view text);

} // namespace ntferry::volume
