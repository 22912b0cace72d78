// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/block/vhd/parent_locator.hpp"

#include <algorithm>
#include <filesystem>

namespace ntferry::block::vhd {
namespace {

namespace fs = std::filesystem;

/// Longer than any path that Windows or Linux accepts.
constexpr std::uint32_t longest_locator = 128U << 10U;
constexpr char32_t replacement = 0xFFFD;

void append_utf8(std::string& text, char32_t c) {
    if (c < 0x80) {
        text += static_cast<char>(c);
    } else if (c < 0x800) {
        text += static_cast<char>(0xC0U | c >> 6U);
        text += static_cast<char>(0x80U | (c & 0x3FU));
    } else if (c < 0x10000) {
        text += static_cast<char>(0xE0U | c >> 12U);
        text += static_cast<char>(0x80U | (c >> 6U & 0x3FU));
        text += static_cast<char>(0x80U | (c & 0x3FU));
    } else {
        text += static_cast<char>(0xF0U | c >> 18U);
        text += static_cast<char>(0x80U | (c >> 12U & 0x3FU));
        text += static_cast<char>(0x80U | (c >> 6U & 0x3FU));
        text += static_cast<char>(0x80U | (c & 0x3FU));
    }
}

/// Decodes one character at text[at] and moves at behind it; malformed bytes become U+FFFD one by one.
char32_t next_utf8(std::string_view text, std::size_t& at) {
    const auto lead = static_cast<unsigned char>(text[at++]);
    if (lead < 0x80)
        return lead;
    const int more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : lead >= 0xC2 ? 1 : 0;
    if (more == 0 || lead > 0xF4 || at + static_cast<std::size_t>(more) > text.size())
        return replacement;
    char32_t c = lead & (0x3FU >> static_cast<unsigned>(more));
    for (int i = 0; i < more; ++i) {
        const auto next = static_cast<unsigned char>(text[at + static_cast<std::size_t>(i)]);
        if ((next & 0xC0U) != 0x80)
            return replacement;
        c = c << 6U | (next & 0x3FU);
    }
    at += static_cast<std::size_t>(more);
    return c > 0x10FFFF || (c >= 0xD800 && c < 0xE000) ? replacement : c;
}

std::string slashes(std::string text) {
    std::replace(text.begin(), text.end(), '\\', '/');
    return text;
}

std::string decode_locator(std::uint32_t platform, ByteView bytes) {
    if (platform == platform_w2ru || platform == platform_w2ku) {
        std::u16string units;
        for (std::size_t i = 0; i + 1 < bytes.size(); i += 2)
            units += static_cast<char16_t>(load_le<std::uint16_t>(bytes, i));
        units.resize(std::min(units.size(), units.find(u'\0')));
        return utf8_from_utf16(units);
    }
    std::string text(bytes.begin(), bytes.end());
    text.resize(std::min(text.size(), text.find('\0')));
    if (platform == platform_macx && text.starts_with("file://"))
        text.erase(0, text.starts_with("file://localhost/") ? 16 : 7);
    return text;
}

int order_of(std::uint32_t platform) {
    switch (platform) {
    case platform_w2ru:
        return 0;
    case platform_wi2r:
        return 1;
    case platform_w2ku:
        return 2;
    case platform_wi2k:
        return 3;
    default:
        return 4;
    }
}

} // namespace

std::u16string utf16_from_utf8(std::string_view text) {
    std::u16string units;
    for (std::size_t at = 0; at < text.size();) {
        const char32_t c = next_utf8(text, at);
        if (c >= 0x10000) {
            units += static_cast<char16_t>(0xD800U + ((c - 0x10000) >> 10U));
            units += static_cast<char16_t>(0xDC00U + ((c - 0x10000) & 0x3FFU));
        } else {
            units += static_cast<char16_t>(c);
        }
    }
    return units;
}

std::string utf8_from_utf16(std::u16string_view text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        char32_t c = text[i];
        const bool high = c >= 0xD800 && c < 0xDC00;
        if (high && i + 1 < text.size() && text[i + 1] >= 0xDC00 && text[i + 1] < 0xE000) {
            c = 0x10000U + ((c - 0xD800) << 10U) + (text[i + 1] - 0xDC00U);
            ++i;
        } else if (c >= 0xD800 && c < 0xE000) {
            c = replacement;
        }
        append_utf8(result, c);
    }
    return result;
}

std::vector<ParentName> stored_parent_names(const File& file, const DynamicHeader& header) {
    std::vector<ParentName> names;
    const std::uint64_t size = file.size();
    for (const LocatorEntry& entry : header.locators) {
        if (entry.platform == 0 || entry.data_length == 0 || entry.data_length > longest_locator ||
            entry.data_offset > size || entry.data_length > size - entry.data_offset)
            continue;
        Bytes bytes(entry.data_length);
        file.read(entry.data_offset, bytes);
        if (std::string text = decode_locator(entry.platform, bytes); !text.empty())
            names.push_back({entry.platform, std::move(text)});
    }
    std::stable_sort(names.begin(), names.end(), [](const ParentName& a, const ParentName& b) {
        return order_of(a.platform) < order_of(b.platform);
    });
    if (!header.parent_name.empty())
        names.push_back({0, utf8_from_utf16(header.parent_name)});
    return names;
}

std::vector<std::string> parent_candidates(const std::string& child_path,
                                           const std::vector<ParentName>& names) {
    const fs::path folder = fs::path(child_path).parent_path();
    std::vector<std::string> candidates;
    const auto add = [&](const fs::path& path) {
        std::string text = path.lexically_normal().string();
        if (!text.empty() && std::find(candidates.begin(), candidates.end(), text) == candidates.end())
            candidates.push_back(std::move(text));
    };
    for (const ParentName& name : names) {
        const std::string text = slashes(name.text);
        const bool windows_absolute = text.size() > 1 && text[1] == ':';
        if (windows_absolute || text.starts_with("//"))
            continue;
        add(text.starts_with('/') ? fs::path(text) : folder / text);
    }
    for (const ParentName& name : names) {
        const fs::path base = fs::path(slashes(name.text)).filename();
        if (!base.empty())
            add(folder / base);
    }
    return candidates;
}

std::string relative_locator(const std::string& child_path, const std::string& parent_path) {
    const fs::path folder = fs::absolute(child_path).parent_path();
    std::string text =
        fs::absolute(parent_path).lexically_normal().lexically_relative(folder.lexically_normal()).string();
    if (!text.starts_with("../"))
        text = "./" + text;
    std::replace(text.begin(), text.end(), '/', '\\');
    return text;
}

Bytes encode_locator(std::string_view text) {
    const std::u16string units = utf16_from_utf8(text);
    Bytes bytes(units.size() * 2);
    for (std::size_t i = 0; i < units.size(); ++i)
        store_le<std::uint16_t>(bytes, 2 * i, units[i]);
    return bytes;
}

} // namespace ntferry::block::vhd
