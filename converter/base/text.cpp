// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/base/text.hpp"

#include "converter/base/utf.hpp"

#include <algorithm>
#include <array>

namespace ntferry::text {
namespace {

/// Code page 437, upper half (IBM PC character set; unicode.org MAPPINGS/VENDORS/MICSFT/PC/CP437).
constexpr std::array<char16_t, 128> cp437 = {
    0x00C7, 0x00FC, 0x00E9, 0x00E2, 0x00E4, 0x00E0, 0x00E5, 0x00E7, 0x00EA, 0x00EB, 0x00E8, 0x00EF, 0x00EE,
    0x00EC, 0x00C4, 0x00C5, 0x00C9, 0x00E6, 0x00C6, 0x00F4, 0x00F6, 0x00F2, 0x00FB, 0x00F9, 0x00FF, 0x00D6,
    0x00DC, 0x00A2, 0x00A3, 0x00A5, 0x20A7, 0x0192, 0x00E1, 0x00ED, 0x00F3, 0x00FA, 0x00F1, 0x00D1, 0x00AA,
    0x00BA, 0x00BF, 0x2310, 0x00AC, 0x00BD, 0x00BC, 0x00A1, 0x00AB, 0x00BB, 0x2591, 0x2592, 0x2593, 0x2502,
    0x2524, 0x2561, 0x2562, 0x2556, 0x2555, 0x2563, 0x2551, 0x2557, 0x255D, 0x255C, 0x255B, 0x2510, 0x2514,
    0x2534, 0x252C, 0x251C, 0x2500, 0x253C, 0x255E, 0x255F, 0x255A, 0x2554, 0x2569, 0x2566, 0x2560, 0x2550,
    0x256C, 0x2567, 0x2568, 0x2564, 0x2565, 0x2559, 0x2558, 0x2552, 0x2553, 0x256B, 0x256A, 0x2518, 0x250C,
    0x2588, 0x2584, 0x258C, 0x2590, 0x2580, 0x03B1, 0x00DF, 0x0393, 0x03C0, 0x03A3, 0x03C3, 0x00B5, 0x03C4,
    0x03A6, 0x0398, 0x03A9, 0x03B4, 0x221E, 0x03C6, 0x03B5, 0x2229, 0x2261, 0x00B1, 0x2265, 0x2264, 0x2320,
    0x2321, 0x00F7, 0x2248, 0x00B0, 0x2219, 0x00B7, 0x221A, 0x207F, 0x00B2, 0x25A0, 0x00A0};

} // namespace

std::string from_utf16le(ByteView bytes) {
    std::u16string units(bytes.size() / 2, u'\0');
    for (std::size_t i = 0; i < units.size(); ++i)
        units[i] = static_cast<char16_t>(load_le<std::uint16_t>(bytes, i * 2));
    std::string out = utf::to_utf8(units);
    if (bytes.size() % 2 != 0)
        utf::append(out, utf::replacement);
    return out;
}

Bytes to_utf16le(std::string_view utf8) {
    const std::u16string units = utf::to_utf16(utf8);
    Bytes out(units.size() * 2);
    for (std::size_t i = 0; i < units.size(); ++i)
        store_le<std::uint16_t>(out, i * 2, units[i]);
    return out;
}

std::string from_latin1(ByteView bytes) {
    std::string out;
    out.reserve(bytes.size());
    for (const std::uint8_t byte : bytes)
        utf::append(out, byte);
    return out;
}

std::string from_cp437(ByteView bytes) {
    std::string out;
    out.reserve(bytes.size());
    for (const std::uint8_t byte : bytes)
        utf::append(out, byte < 0x80 ? byte : static_cast<char32_t>(cp437[byte - 0x80U]));
    return out;
}

Bytes to_cp437(std::string_view utf8) {
    Bytes out;
    out.reserve(utf8.size());
    for (std::size_t at = 0; at < utf8.size();) {
        const char32_t c = utf::next(utf8, at).value_or(utf::replacement);
        if (c < 0x80) {
            out.push_back(static_cast<std::uint8_t>(c));
            continue;
        }
        const auto found = std::find(cp437.begin(), cp437.end(), static_cast<char16_t>(c));
        out.push_back(c > 0xFFFF || found == cp437.end()
                          ? std::uint8_t{'?'}
                          : static_cast<std::uint8_t>(0x80 + (found - cp437.begin())));
    }
    return out;
}

char to_lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string to_lower(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        c = to_lower(c);
    return out;
}

std::string to_upper(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (c >= 'a' && c <= 'z')
            c = static_cast<char>(c - 'a' + 'A');
    return out;
}

bool iequals(std::string_view a, std::string_view b) noexcept {
    return a.size() == b.size() && istarts_with(a, b);
}

bool istarts_with(std::string_view text, std::string_view prefix) noexcept {
    return text.size() >= prefix.size() &&
           std::equal(prefix.begin(), prefix.end(), text.begin(),
                      [](char x, char y) { return to_lower(x) == to_lower(y); });
}

bool icontains(std::string_view text, std::string_view part) {
    return std::search(text.begin(), text.end(), part.begin(), part.end(),
                       [](char x, char y) { return to_lower(x) == to_lower(y); }) != text.end() ||
           part.empty();
}

std::string_view trim(std::string_view text) noexcept {
    const std::size_t first = text.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos)
        return {};
    return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    for (std::size_t start = 0;;) {
        const std::size_t end = text.find(separator, start);
        parts.push_back(text.substr(start, end == std::string_view::npos ? end : end - start));
        if (end == std::string_view::npos)
            return parts;
        start = end + 1;
    }
}

bool wildcard_match(std::string_view pattern, std::string_view text) noexcept {
    std::size_t p = 0;
    std::size_t t = 0;
    std::size_t star = std::string_view::npos;
    std::size_t mark = 0;
    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            mark = t;
        } else if (p < pattern.size() && (pattern[p] == '?' || to_lower(pattern[p]) == to_lower(text[t]))) {
            ++p;
            ++t;
        } else if (star != std::string_view::npos) {
            p = star + 1;
            t = ++mark;
        } else {
            return false;
        }
    }
    return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

std::string printable(std::string_view utf8, std::size_t limit) {
    std::string out;
    std::size_t count = 0;
    for (std::size_t at = 0; at < utf8.size();) {
        if (count++ == limit)
            return out + "...";
        const char32_t c = utf::next(utf8, at).value_or(utf::replacement);
        // C0, DEL and C1 steer terminals; the bidirectional overrides reorder what a person reads.
        const bool control = c < 0x20 || (c >= 0x7F && c < 0xA0) || (c >= 0x202A && c <= 0x202E) ||
                             (c >= 0x2066 && c <= 0x2069);
        utf::append(out, control ? U'.' : c);
    }
    return out;
}

std::string_view file_name(std::string_view path) noexcept {
    const std::size_t at = path.find_last_of("\\/");
    return at == std::string_view::npos ? path : path.substr(at + 1);
}

} // namespace ntferry::text
