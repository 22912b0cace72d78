// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/volume/short_name.hpp"

#include "converter/base/error.hpp"

#include <fmt/format.h>

#include <cstdint>

namespace ntferry::volume {
namespace {

bool short_character(char16_t c) {
    return c > 0x20 && c < 0x7F &&
           std::u16string_view(u"\"*+,./:;<=>?[\\]|").find(c) == std::u16string_view::npos;
}

char upper(char16_t c) {
    return static_cast<char>(c >= u'a' && c <= u'z' ? c - 0x20 : c);
}

/// Characters that may stay, upper case; what 8.3 forbids becomes '_', spaces and full stops go.
std::string reduce(std::u16string_view part, std::size_t limit) {
    std::string out;
    for (const char16_t c : part) {
        if (out.size() == limit)
            break;
        if (c == u' ' || c == u'.')
            continue;
        out.push_back(short_character(c) ? upper(c) : '_');
    }
    return out;
}

/// Four digits that spread long names which start alike. Any spread is valid: NT only looks names up.
std::string hash_digits(std::u16string_view name) {
    std::uint32_t hash = 0x811C9DC5U; // FNV-1a
    for (const char16_t c : name)
        hash = (hash ^ c) * 0x01000193U;
    return fmt::format("{:04X}", (hash ^ hash >> 16U) & 0xFFFFU);
}

} // namespace

bool fits_short_name(std::u16string_view name) {
    const std::size_t dot = name.find(u'.');
    const std::u16string_view base = name.substr(0, dot);
    const std::u16string_view extension = dot == std::u16string_view::npos ? u"" : name.substr(dot + 1);
    if (base.empty() || base.size() > 8 || extension.size() > 3 ||
        (dot != std::u16string_view::npos && extension.empty()))
        return false;
    for (const std::u16string_view part : {base, extension})
        for (const char16_t c : part)
            if (!short_character(c))
                return false;
    return true;
}

std::string make_short_name(std::u16string_view long_name,
                            const std::function<bool(const std::string&)>& taken) {
    while (!long_name.empty() && (long_name.front() == u'.' || long_name.front() == u' '))
        long_name.remove_prefix(1);
    const std::size_t dot = long_name.rfind(u'.');
    std::string base = reduce(long_name.substr(0, dot), 6);
    std::string extension = dot == std::u16string_view::npos ? "" : reduce(long_name.substr(dot + 1), 3);
    if (base.empty())
        base = "_";
    if (!extension.empty())
        extension.insert(0, 1, '.');
    for (unsigned i = 1; i <= 4; ++i)
        if (std::string name = fmt::format("{}~{}{}", base, i, extension); !taken(name))
            return name;
    base = base.substr(0, 2) + hash_digits(long_name);
    for (unsigned i = 1; i <= 999999; ++i) {
        const std::string tail = fmt::format("~{}", i);
        std::string name = base.substr(0, 8 - tail.size()) + tail + extension;
        if (!taken(name))
            return name;
        if (i > 65536)
            break;
    }
    throw Error({}, "no free 8.3 name is left in the directory", "delete files in it");
}

} // namespace ntferry::volume
