// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/nt/pe/version.hpp"

#include "converter/base/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ntferry::nt::pe {
namespace {

constexpr std::uint32_t resource_version = 16; // RT_VERSION
constexpr std::uint32_t subdirectory = 0x80000000U;
constexpr std::uint32_t fixed_info_magic = 0xFEEF04BD;
constexpr std::size_t strings_limit = 64;

/// One node of the tree of blocks: length, length of the value, type, key, value, children, each at a
/// multiple of 4 bytes from the start of the resource.
struct Block {
    std::string key;
    std::size_t value = 0;        ///< offset in the resource
    std::size_t value_length = 0; ///< bytes
    std::size_t children = 0;     ///< offset
    std::size_t end = 0;          ///< offset behind the last byte
};

std::size_t aligned(std::size_t at) {
    return (at + 3) & ~std::size_t{3};
}

/// @param end of the enclosing block; 16-bit compilers and some tools wrote wLength too long
Block parse_block(ByteView resource, std::size_t at, std::size_t end) {
    const auto length = load_le<std::uint16_t>(resource, at);
    auto value_length = std::size_t{load_le<std::uint16_t>(resource, at + 2)};
    const bool text = load_le<std::uint16_t>(resource, at + 4) == 1;
    if (length < 6)
        throw Error({}, "damaged version resource: a block without length");
    Block block;
    block.end = std::min(end, at + length);
    std::size_t key_end = at + 6;
    while (key_end + 1 < block.end && (resource[key_end] != 0 || resource[key_end + 1] != 0))
        key_end += 2;
    block.key = text::from_utf16le(
        slice(resource, at + 6, std::min(key_end, block.end) - std::min(at + 6, block.end)));
    block.value = std::min(aligned(key_end + 2), block.end);
    if (text)
        value_length *= 2; // characters
    block.value_length = std::min(value_length, block.end - block.value);
    block.children = std::min(aligned(block.value + block.value_length), block.end);
    return block;
}

/// The data entry of RT_VERSION: type, then the first name, then the first language.
std::optional<std::pair<Directory, std::uint16_t>> find_entry(ByteView file, const Headers& headers) {
    if (directory_resource >= headers.directories.size() ||
        headers.directories[directory_resource].address == 0)
        return std::nullopt;
    const std::uint32_t root = headers.directories[directory_resource].address;
    std::uint32_t table = 0;
    std::uint16_t language = 0;
    for (int level = 0; level < 3; ++level) {
        const auto at = file_offset(headers, file, root + table, 16);
        if (!at)
            throw Error({}, "damaged resource directory");
        const std::size_t count =
            std::size_t{load_le<std::uint16_t>(file, *at + 12)} + load_le<std::uint16_t>(file, *at + 14);
        std::optional<std::uint32_t> next;
        for (std::size_t i = 0; i < count && !next; ++i) {
            const auto entry =
                file_offset(headers, file, root + table + 16 + static_cast<std::uint32_t>(i) * 8, 8);
            if (!entry)
                throw Error({}, "damaged resource directory");
            const auto id = load_le<std::uint32_t>(file, *entry);
            if (level == 0 && id != resource_version)
                continue;
            if (level == 2)
                language = static_cast<std::uint16_t>(id);
            next = load_le<std::uint32_t>(file, *entry + 4);
        }
        if (!next)
            return std::nullopt;
        if (((*next & subdirectory) != 0) != (level < 2))
            throw Error({}, "damaged resource directory");
        table = *next & ~subdirectory;
    }
    const auto at = file_offset(headers, file, root + table, 16);
    if (!at)
        throw Error({}, "damaged resource directory");
    return std::pair(Directory{load_le<std::uint32_t>(file, *at), load_le<std::uint32_t>(file, *at + 4)},
                     language);
}

VersionNumber number(ByteView block, std::size_t at) {
    const auto high = load_le<std::uint32_t>(block, at);
    const auto low = load_le<std::uint32_t>(block, at + 4);
    return {static_cast<std::uint16_t>(high >> 16U), static_cast<std::uint16_t>(high & 0xFFFFU),
            static_cast<std::uint16_t>(low >> 16U), static_cast<std::uint16_t>(low & 0xFFFFU)};
}

void read_strings(ByteView resource, const Block& table, std::map<std::string, std::string>& strings) {
    for (std::size_t at = table.children; at + 6 <= table.end && strings.size() < strings_limit;) {
        const Block one = parse_block(resource, at, table.end);
        std::string text = text::from_utf16le(slice(resource, one.value, one.value_length & ~std::size_t{1}));
        text.resize(std::min(text.size(), text.find('\0')));
        strings.emplace(text::printable(one.key, 64), text::printable(text, 256));
        at = aligned(one.end);
    }
}

} // namespace

std::string to_string(const VersionNumber& version) {
    return fmt::format("{}.{}.{}.{}", version[0], version[1], version[2], version[3]);
}

std::string VersionInfo::string(const std::string& name) const {
    for (const auto& [key, text] : strings)
        if (text::iequals(key, name))
            return text;
    return {};
}

VersionInfo parse_version_info(ByteView resource) {
    const Block root = parse_block(resource, 0, resource.size());
    VersionInfo info;
    if (root.value_length >= 52 && load_le<std::uint32_t>(resource, root.value) == fixed_info_magic) {
        info.file = number(resource, root.value + 8);
        info.product = number(resource, root.value + 16);
        info.flags = load_le<std::uint32_t>(resource, root.value + 28) &
                     load_le<std::uint32_t>(resource, root.value + 24);
    }
    for (std::size_t at = root.children; at + 6 <= root.end;) {
        const Block child = parse_block(resource, at, root.end);
        if (child.key == "StringFileInfo" && info.strings.empty() && child.children + 6 <= child.end)
            read_strings(resource, parse_block(resource, child.children, child.end), info.strings);
        at = aligned(child.end);
    }
    return info;
}

std::optional<VersionInfo> read_version(ByteView file, const Headers& headers) {
    const auto entry = find_entry(file, headers);
    if (!entry)
        return std::nullopt;
    const auto [data, language] = *entry;
    const auto at = file_offset(headers, file, data.address, data.size);
    if (!at)
        throw Error({}, "damaged resource directory");
    VersionInfo info = parse_version_info(slice(file, *at, data.size));
    info.language = language;
    return info;
}

} // namespace ntferry::nt::pe
