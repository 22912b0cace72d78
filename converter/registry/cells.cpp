// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/registry/cells.hpp"

#include "converter/base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <functional>

namespace ntferry::registry::cells {
namespace {

// Offsets from the start of a cell, its 4-byte size included.
constexpr std::size_t vk_data_size = 8;
constexpr std::size_t vk_data_offset = 12;
constexpr std::size_t vk_type = 16;
constexpr std::size_t nk_flags = 6;
constexpr std::size_t nk_subkeys = 24;
constexpr std::size_t nk_subkey_list = 32;
constexpr std::size_t nk_name_length = 76;
constexpr std::size_t nk_name = 80;
constexpr std::uint16_t nk_name_is_latin1 = 0x20;
constexpr std::uint32_t data_inline = 0x80000000U;
constexpr std::uint32_t no_cell = 0xFFFFFFFFU;
constexpr std::size_t list_entries = 8;

std::int32_t cell_size(ByteView image, std::size_t cell) {
    return static_cast<std::int32_t>(load_le<std::uint32_t>(image, cell));
}

bool has_id(ByteView image, std::size_t cell, const char* id) {
    return std::memcmp(slice(image, cell + 4, 2).data(), id, 2) == 0;
}

/// Name of the key at file offset nk as NT compares it: upper case, UTF-16 code units.
std::u16string upper_name(ByteView image, std::size_t nk) {
    if (!has_id(image, nk, "nk"))
        throw Error("hive", fmt::format("no key at {:#x}", nk), "the hive is damaged");
    const auto length = load_le<std::uint16_t>(image, nk + nk_name_length);
    const ByteView bytes = slice(image, nk + nk_name, length);
    std::u16string name;
    if ((load_le<std::uint16_t>(image, nk + nk_flags) & nk_name_is_latin1) != 0)
        name.assign(bytes.begin(), bytes.end());
    else
        for (std::size_t at = 0; at + 1 < bytes.size(); at += 2)
            name += static_cast<char16_t>(load_le<std::uint16_t>(bytes, at));
    for (char16_t& c : name)
        if ((c >= u'a' && c <= u'z') || (c >= 0xE0 && c <= 0xFE && c != 0xF7))
            c = static_cast<char16_t>(c - 0x20);
    return name;
}

void normalise_leaf(MutableByteView image, std::size_t leaf) {
    if (has_id(image, leaf, "lh"))
        image[leaf + 5] = 'f';
    if (!has_id(image, leaf, "lf"))
        return; // "li" has no hints
    const auto count = load_le<std::uint16_t>(image, leaf + 6);
    struct Entry {
        std::u16string name;
        std::uint32_t offset;
    };
    std::vector<Entry> entries;
    for (std::size_t i = 0; i < count; ++i) {
        const auto offset = load_le<std::uint32_t>(image, leaf + list_entries + i * 8);
        entries.push_back({upper_name(image, base_block_size + offset), offset});
    }
    std::stable_sort(entries.begin(), entries.end(),
                     [](const Entry& a, const Entry& b) { return a.name < b.name; });
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t at = leaf + list_entries + i * 8;
        store_le(image, at, entries[i].offset);
        // The hint is the first four characters as stored; a UTF-16 name with others than ASCII has none.
        const std::size_t nk = base_block_size + entries[i].offset;
        const bool latin1 = (load_le<std::uint16_t>(image, nk + nk_flags) & nk_name_is_latin1) != 0;
        const std::size_t step = latin1 ? 1U : 2U;
        const auto length = load_le<std::uint16_t>(image, nk + nk_name_length);
        for (std::size_t j = 0; j < 4; ++j)
            image[at + 4 + j] = (j + 1) * step <= length ? image[nk + nk_name + j * step] : std::uint8_t{0};
    }
}

/// Calls visit(file offset, signed size) for each cell of each bin; stops at the first cell without sense.
void for_each_cell(ByteView image, const BaseBlock& base,
                   const std::function<bool(std::size_t, std::int32_t)>& visit) {
    const std::size_t end = std::min(image.size(), base_block_size + std::size_t{base.bins_size});
    for (std::size_t bin = base_block_size; bin + 32 <= end;) {
        const auto bin_size = load_le<std::uint32_t>(image, bin + 8);
        if (bin_size < 4096 || bin_size > end - bin)
            return;
        for (std::size_t cell = bin + 32; cell + 8 <= bin + bin_size;) {
            const std::int32_t size = cell_size(image, cell);
            if (!visit(cell, size))
                return;
            const std::int64_t step = std::abs(std::int64_t{size});
            if (step < 8 || step > static_cast<std::int64_t>(bin + bin_size - cell))
                break;
            cell += static_cast<std::size_t>(step);
        }
        bin += bin_size;
    }
}

} // namespace

std::vector<Range> overwrite_value(MutableByteView image, std::size_t vk, const Value& value) {
    std::vector<Range> written{{vk, vk_type + 4}};
    if (!has_id(image, vk, "vk") || cell_size(image, vk) >= 0)
        throw Error("hive", fmt::format("no value at {:#x}", vk), "the hive is damaged");
    const auto old_size = load_le<std::uint32_t>(image, vk + vk_data_size);
    if (value.data.size() <= 4) {
        if ((old_size & data_inline) == 0 && old_size != 0)
            return {}; // its data cell would be lost
        std::uint8_t padded[4] = {};
        std::copy(value.data.begin(), value.data.end(), padded);
        std::memcpy(slice(image, vk + vk_data_offset, 4).data(), padded, 4);
        store_le(image, vk + vk_data_size, static_cast<std::uint32_t>(value.data.size()) | data_inline);
    } else {
        if ((old_size & data_inline) != 0 || old_size == 0)
            return {};
        const std::size_t data = base_block_size + load_le<std::uint32_t>(image, vk + vk_data_offset);
        const std::int64_t room = -std::int64_t{cell_size(image, data)} - 4;
        if (room < static_cast<std::int64_t>(value.data.size()))
            return {};
        const MutableByteView cell = slice(image, data + 4, static_cast<std::size_t>(room));
        std::copy(value.data.begin(), value.data.end(), cell.begin());
        store_le(image, vk + vk_data_size, static_cast<std::uint32_t>(value.data.size()));
        written.push_back({data + 4, value.data.size()});
    }
    store_le(image, vk + vk_type, static_cast<std::uint32_t>(value.type));
    return written;
}

void normalise_subkeys(MutableByteView image, std::size_t nk) {
    const auto list = load_le<std::uint32_t>(image, nk + nk_subkey_list);
    if (load_le<std::uint32_t>(image, nk + nk_subkeys) == 0 || list == no_cell)
        return;
    const std::size_t at = base_block_size + list;
    if (!has_id(image, at, "ri")) {
        normalise_leaf(image, at);
        return;
    }
    const auto count = load_le<std::uint16_t>(image, at + 6);
    for (std::size_t i = 0; i < count; ++i)
        normalise_leaf(image, base_block_size + load_le<std::uint32_t>(image, at + list_entries + i * 4));
}

std::vector<std::string> foreign_features(ByteView image, const BaseBlock& base) {
    std::vector<std::string> features;
    if (base.major != 1 || base.minor > 3)
        features.push_back(fmt::format("format {}.{}, NT 4.0 reads up to 1.3", base.major, base.minor));
    std::size_t hash_leaves = 0;
    for_each_cell(image, base, [&](std::size_t cell, std::int32_t size) {
        // Data cells may begin with these letters by chance; a leaf's entries must point at keys too.
        if (size <= -16 && has_id(image, cell, "lh") && load_le<std::uint16_t>(image, cell + 6) > 0) {
            const std::uint64_t nk =
                std::uint64_t{base_block_size} + load_le<std::uint32_t>(image, cell + list_entries);
            if (nk + 6 <= image.size() && has_id(image, static_cast<std::size_t>(nk), "nk"))
                ++hash_leaves;
        }
        return true;
    });
    if (hash_leaves > 0)
        features.push_back(fmt::format("{} hash leaves (lh), which NT 4.0 does not know", hash_leaves));
    return features;
}

std::vector<std::string> check_cells(ByteView image, const BaseBlock& base) {
    std::vector<std::string> problems;
    std::size_t expected_end = 0;
    for_each_cell(image, base, [&](std::size_t cell, std::int32_t size) {
        expected_end = cell;
        const std::int64_t bytes = std::abs(std::int64_t{size});
        if (bytes < 8 || bytes % 8 != 0)
            problems.push_back(fmt::format("cell at {:#x} has size {}", cell, size));
        return problems.size() < 8;
    });
    return problems;
}

} // namespace ntferry::registry::cells
