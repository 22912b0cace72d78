// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/base/utf.hpp"

#include "converter/base/error.hpp"

namespace ntferry::utf {
namespace {

constexpr bool is_surrogate(char32_t code) {
    return code >= 0xD800 && code < 0xE000;
}

std::string encode(std::u16string_view utf16, LoneSurrogates lone) {
    std::string out;
    out.reserve(utf16.size());
    for (std::size_t at = 0; at < utf16.size();) {
        const char32_t code = next(utf16, at);
        append(out, is_surrogate(code) && lone == LoneSurrogates::malformed ? replacement : code);
    }
    return out;
}

} // namespace

void append(std::string& out, char32_t code) {
    const auto put = [&out](char32_t byte) { out += static_cast<char>(byte); };
    if (code < 0x80) {
        put(code);
    } else if (code < 0x800) {
        put(0xC0U | code >> 6U);
        put(0x80U | (code & 0x3FU));
    } else if (code < 0x10000) {
        put(0xE0U | code >> 12U);
        put(0x80U | (code >> 6U & 0x3FU));
        put(0x80U | (code & 0x3FU));
    } else {
        put(0xF0U | code >> 18U);
        put(0x80U | (code >> 12U & 0x3FU));
        put(0x80U | (code >> 6U & 0x3FU));
        put(0x80U | (code & 0x3FU));
    }
}

void append(std::u16string& out, char32_t code) {
    if (code < 0x10000) {
        out += static_cast<char16_t>(code);
        return;
    }
    out += static_cast<char16_t>(0xD800U + ((code - 0x10000U) >> 10U));
    out += static_cast<char16_t>(0xDC00U + ((code - 0x10000U) & 0x3FFU));
}

std::optional<char32_t> next(std::string_view text, std::size_t& at, LoneSurrogates lone) noexcept {
    // Unicode 15, table 3-7: well-formed UTF-8.
    const auto first = static_cast<unsigned char>(text[at++]);
    if (first < 0x80)
        return first;
    const std::size_t more = first >= 0xF0 ? 3U : first >= 0xE0 ? 2U : first >= 0xC2 ? 1U : 0U;
    if (more == 0 || first > 0xF4 || text.size() - at < more)
        return std::nullopt;
    char32_t code = first & (0x3FU >> more);
    for (std::size_t i = 0; i < more; ++i) {
        const auto byte = static_cast<unsigned char>(text[at + i]);
        if ((byte & 0xC0U) != 0x80U)
            return std::nullopt;
        code = code << 6U | (byte & 0x3FU);
    }
    if ((more == 2 && code < 0x800) || (more == 3 && (code < 0x10000 || code > 0x10FFFF)) ||
        (is_surrogate(code) && lone == LoneSurrogates::malformed))
        return std::nullopt;
    at += more;
    return code;
}

char32_t next(std::u16string_view text, std::size_t& at) noexcept {
    const char32_t unit = text[at++];
    if (unit < 0xD800 || unit >= 0xDC00 || at == text.size() || text[at] < 0xDC00 || text[at] >= 0xE000)
        return unit;
    return 0x10000U + ((unit - 0xD800U) << 10U) + (text[at++] - 0xDC00U);
}

std::u16string to_utf16(std::string_view utf8) {
    std::u16string out;
    out.reserve(utf8.size());
    for (std::size_t at = 0; at < utf8.size();)
        append(out, next(utf8, at).value_or(replacement));
    return out;
}

std::string to_utf8(std::u16string_view utf16) {
    return encode(utf16, LoneSurrogates::malformed);
}

std::u16string name_to_utf16(std::string_view utf8) {
    std::u16string out;
    out.reserve(utf8.size());
    for (std::size_t at = 0; at < utf8.size();) {
        const std::optional<char32_t> code = next(utf8, at, LoneSurrogates::kept);
        if (!code)
            throw Error({}, "a name is not UTF-8");
        append(out, *code);
    }
    return out;
}

std::string name_to_utf8(std::u16string_view utf16) {
    return encode(utf16, LoneSurrogates::kept);
}

} // namespace ntferry::utf
