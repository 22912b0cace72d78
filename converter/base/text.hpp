// Text of the PC world: UTF-16LE and OEM code pages to UTF-8, comparisons that ignore case as NT does for
// names.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/base/bytes.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace ntferry::text {

/// UTF-16LE to UTF-8. Lone surrogates and a lone last byte become U+FFFD; NULs are kept.
std::string from_utf16le(ByteView bytes);
/// UTF-8 to UTF-16LE without terminator. Bytes that are not UTF-8 become U+FFFD.
Bytes to_utf16le(std::string_view utf8);
/// ISO 8859-1 to UTF-8: compressed names in hives.
std::string from_latin1(ByteView bytes);
/// IBM code page 437 to UTF-8: boot.ini, FAT short names and labels on machines sold in English.
std::string from_cp437(ByteView bytes);
/// UTF-8 to code page 437; what it does not have becomes '?'.
Bytes to_cp437(std::string_view utf8);

/// ASCII letters only, which is what service, value and file names of NT consist of.
char to_lower(char c) noexcept;
std::string to_lower(std::string_view text);
std::string to_upper(std::string_view text);
bool iequals(std::string_view a, std::string_view b) noexcept;
bool istarts_with(std::string_view text, std::string_view prefix) noexcept;
bool icontains(std::string_view text, std::string_view part);

/// Without blanks, tabs, CR and LF at both ends.
std::string_view trim(std::string_view text) noexcept;
std::vector<std::string_view> split(std::string_view text, char separator);

/// Matches '*' (any run) and '?' (one character), ignoring ASCII case. Linear in practice: one backtrack
/// point.
bool wildcard_match(std::string_view pattern, std::string_view text) noexcept;

/// Fit for a terminal, a log line or a table cell: control characters become '.', bytes that are not UTF-8
/// U+FFFD, and what exceeds limit characters "...".
std::string printable(std::string_view utf8, std::size_t limit = 512);

/// The part after the last '\\' or '/'.
std::string_view file_name(std::string_view path) noexcept;

} // namespace ntferry::text
