// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/volume/ntfs/names.hpp"

#include <bit>

namespace ntferry::volume::ntfs {

// The library's ntfschar is little-endian on the volume and in memory; so is char16_t here.
static_assert(std::endian::native == std::endian::little);

namespace {

constexpr std::size_t file_name_header = 66; // FILE_NAME_ATTR up to the characters
constexpr std::size_t max_links = 1024;      // NTFS's own limit

struct Name {
    std::u16string text;
    std::uint64_t parent = 0;
    unsigned space = 0;
};

std::optional<Name> read_name(const ATTR_RECORD* attribute, const ntfs_volume* volume) {
    if (attribute->non_resident != 0)
        return std::nullopt;
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(attribute);
    const std::size_t record = le32_to_cpu(attribute->length);
    const std::size_t offset = le16_to_cpu(attribute->value_offset);
    const std::size_t length = le32_to_cpu(attribute->value_length);
    if (record > volume->mft_record_size || offset > record || length > record - offset ||
        length < file_name_header)
        return std::nullopt;
    const auto* value = bytes + offset;
    const std::size_t characters = value[64];
    if (characters * 2 > length - file_name_header)
        return std::nullopt;
    Name name;
    name.space = value[65];
    std::uint64_t parent = 0;
    std::memcpy(&parent, value, sizeof parent);
    name.parent = parent & 0xFFFFFFFFFFFFU;
    name.text.resize(characters);
    std::memcpy(name.text.data(), value + file_name_header, characters * 2);
    return name;
}

bool same_name(const ntfs_volume* volume, const std::u16string& a, std::u16string_view b) {
    return ntfs_names_are_equal(to_ntfs(a), a.size(), reinterpret_cast<const ntfschar*>(b.data()), b.size(),
                                IGNORE_CASE, volume->upcase, volume->upcase_len) != FALSE;
}

} // namespace

std::optional<FileNames> names_of(ntfs_inode* inode, std::optional<std::uint64_t> parent,
                                  std::u16string_view wanted) {
    const Search search(ntfs_attr_get_search_ctx(inode, nullptr));
    if (!search)
        return std::nullopt;
    std::optional<Name> best;
    std::optional<Name> dos;
    for (std::size_t i = 0; i < max_links; ++i) {
        if (ntfs_attr_lookup(AT_FILE_NAME, AT_UNNAMED, 0, CASE_SENSITIVE, 0, nullptr, 0, search.get()) != 0)
            break;
        std::optional<Name> name = read_name(search->attr, inode->vol);
        if (!name || (parent && name->parent != *parent))
            continue;
        if (name->space == FILE_NAME_DOS)
            dos = std::move(name);
        else if (!best || (!wanted.empty() && same_name(inode->vol, name->text, wanted)))
            best = std::move(name);
    }
    if (!best)
        best = dos;
    if (!best)
        return std::nullopt;
    FileNames names{best->text, {}, best->parent};
    // The DOS name belongs to the Win32 name beside it.
    if (dos && best->space == FILE_NAME_WIN32 && dos->parent == best->parent)
        names.short_name = dos->text;
    return names;
}

} // namespace ntferry::volume::ntfs
