// UTF-8 and UTF-16: one codec for text that is shown (never fails) and for file names (keeps what NT allows).
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ntferry::utf {

/// What stands for text that is malformed.
inline constexpr char32_t replacement = 0xFFFD;

/// Half a surrogate pair on its own: not Unicode, but NT allows it in file names. As UTF-8 it has three bytes
/// then (the form called WTF-8).
enum class LoneSurrogates : std::uint8_t { malformed, kept };

/// @param code up to 0x10FFFF
void append(std::string& out, char32_t code);
void append(std::u16string& out, char32_t code);

/// The character at text[at], at < text.size(), and moves at behind it. Nothing for bytes that are not UTF-8:
/// at moves behind the first of them. Overlong forms and codes beyond 0x10FFFF are malformed.
std::optional<char32_t> next(std::string_view text, std::size_t& at,
                             LoneSurrogates lone = LoneSurrogates::malformed) noexcept;
/// The character at text[at], at < text.size(), and moves at behind it; a lone surrogate is returned as it
/// is.
char32_t next(std::u16string_view text, std::size_t& at) noexcept;

/// For text that is shown or stored as text: what is malformed becomes U+FFFD.
std::u16string to_utf16(std::string_view utf8);
std::string to_utf8(std::u16string_view utf16);

/// For file names, which have to come back as they were: lone surrogates survive the way to UTF-8 and back.
/// @throws Error when a name is not UTF-8
std::u16string name_to_utf16(std::string_view utf8);
std::string name_to_utf8(std::u16string_view utf16);

} // namespace ntferry::utf
