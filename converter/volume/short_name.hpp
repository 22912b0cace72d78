// 8.3 names: which names are such, and how NT makes one for a long name.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace ntferry::volume {

/// Whether the name is an 8.3 name but for the case of its letters: ASCII, one full stop at most.
bool fits_short_name(std::u16string_view name);

/// The short name that NT's file systems would give: six characters and "~1" to "~4", then two characters,
/// four hexadecimal digits of a hash and "~1" on. Upper case.
/// @param taken whether a name is in use in the directory already
/// @throws Error when no free name is found
std::string make_short_name(std::u16string_view long_name,
                            const std::function<bool(const std::string&)>& taken);

} // namespace ntferry::volume
