// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/block/vhd/parent_locator.hpp"

#include "converter/base/text.hpp"
#include "converter/base/utf.hpp"

#include <algorithm>
#include <filesystem>

namespace ntferry::block::vhd {
namespace {

namespace fs = std::filesystem;

/// Longer than any path that Windows or Linux accepts.
constexpr std::uint32_t longest_locator = 128U << 10U;

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
        return utf::to_utf8(units);
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
        names.push_back({0, utf::to_utf8(header.parent_name)});
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

Bytes encode_locator(std::string_view path) {
    return text::to_utf16le(path);
}

} // namespace ntferry::block::vhd
