// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/volume/utf16.hpp"

#include "converter/base/error.hpp"

#include <cstddef>
#include <cstdint>

namespace ntferry::volume {
namespace {

/// Length of the sequence that a lead byte starts and the smallest code point it may hold.
struct Lead {
    std::size_t length;
    std::uint32_t bits;
    std::uint32_t minimum;
};

Lead read_lead(std::uint8_t byte) {
    if (byte < 0x80)
        return {1, byte, 0};
    if (byte >= 0xC2 && byte < 0xE0)
        return {2, byte & 0x1FU, 0x80};
    if (byte >= 0xE0 && byte < 0xF0)
        return {3, byte & 0x0FU, 0x800};
    if (byte >= 0xF0 && byte < 0xF5)
        return {4, byte & 0x07U, 0x10000};
    return {0, 0, 0};
}

void append_utf8(std::string& out, std::uint32_t code) {
    const auto put = [&out](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
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

} // namespace

std::u16string utf8_to_utf16(std::string_view text) {
    std::u16string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size();) {
        const Lead lead = read_lead(static_cast<std::uint8_t>(text[i]));
        if (lead.length == 0 || lead.length > text.size() - i)
            throw Error({}, "a name is not UTF-8");
        std::uint32_t code = lead.bits;
        for (std::size_t k = 1; k < lead.length; ++k) {
            const auto byte = static_cast<std::uint8_t>(text[i + k]);
            if ((byte & 0xC0U) != 0x80U)
                throw Error({}, "a name is not UTF-8");
            code = code << 6U | (byte & 0x3FU);
        }
        if (code < lead.minimum || code > 0x10FFFF)
            throw Error({}, "a name is not UTF-8");
        if (code >= 0x10000) {
            out.push_back(static_cast<char16_t>(0xD800U + ((code - 0x10000U) >> 10U)));
            out.push_back(static_cast<char16_t>(0xDC00U + ((code - 0x10000U) & 0x3FFU)));
        } else {
            out.push_back(static_cast<char16_t>(code));
        }
        i += lead.length;
    }
    return out;
}

std::string utf16_to_utf8(std::u16string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        const std::uint32_t unit = text[i];
        if (unit >= 0xD800 && unit < 0xDC00 && i + 1 < text.size() && text[i + 1] >= 0xDC00 &&
            text[i + 1] < 0xE000) {
            append_utf8(out, 0x10000U + ((unit - 0xD800U) << 10U) + (text[i + 1] - 0xDC00U));
            ++i;
        } else {
            append_utf8(out, unit);
        }
    }
    return out;
}

} // namespace ntferry::volume
