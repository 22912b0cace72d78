// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/block/vhd/dynamic_header.hpp"

#include <algorithm>
#include <cstring>

namespace ntferry::block::vhd {
namespace {

constexpr char cookie[] = "cxsparse";
constexpr std::size_t checksum_at = 36;
constexpr std::size_t name_at = 64;
constexpr std::size_t name_units = 256;
constexpr std::size_t locators_at = 576;
constexpr std::size_t locator_size = 24;

} // namespace

std::array<std::uint8_t, dynamic_header_size> DynamicHeader::serialize() const {
    std::array<std::uint8_t, dynamic_header_size> bytes{};
    std::memcpy(bytes.data(), cookie, 8);
    store_be<std::uint64_t>(bytes, 8, no_offset);
    store_be<std::uint64_t>(bytes, 16, table_offset);
    store_be<std::uint32_t>(bytes, 24, format_version);
    store_be<std::uint32_t>(bytes, 28, max_table_entries);
    store_be<std::uint32_t>(bytes, 32, block_size);
    std::copy(parent_id.begin(), parent_id.end(), bytes.begin() + 40);
    store_be<std::uint32_t>(bytes, 56, parent_timestamp);
    for (std::size_t i = 0; i < std::min(parent_name.size(), name_units - 1); ++i)
        store_be<std::uint16_t>(bytes, name_at + 2 * i, parent_name[i]);
    for (std::size_t i = 0; i < locators.size(); ++i) {
        const std::size_t at = locators_at + i * locator_size;
        store_be<std::uint32_t>(bytes, at, locators[i].platform);
        store_be<std::uint32_t>(bytes, at + 4, locators[i].data_space);
        store_be<std::uint32_t>(bytes, at + 8, locators[i].data_length);
        store_be<std::uint64_t>(bytes, at + 16, locators[i].data_offset);
    }
    store_be<std::uint32_t>(bytes, checksum_at, checksum(bytes, checksum_at));
    return bytes;
}

std::optional<DynamicHeader> DynamicHeader::parse(ByteView bytes) {
    if (bytes.size() < dynamic_header_size || std::memcmp(bytes.data(), cookie, 8) != 0)
        return std::nullopt;
    bytes = bytes.first(dynamic_header_size);
    if (load_be<std::uint32_t>(bytes, checksum_at) != checksum(bytes, checksum_at) ||
        load_be<std::uint32_t>(bytes, 24) >> 16U != format_version >> 16U)
        return std::nullopt;
    DynamicHeader header;
    header.table_offset = load_be<std::uint64_t>(bytes, 16);
    header.max_table_entries = load_be<std::uint32_t>(bytes, 28);
    header.block_size = load_be<std::uint32_t>(bytes, 32);
    std::copy_n(bytes.begin() + 40, 16, header.parent_id.begin());
    header.parent_timestamp = load_be<std::uint32_t>(bytes, 56);
    for (std::size_t i = 0; i < name_units; ++i) {
        const auto unit = load_be<std::uint16_t>(bytes, name_at + 2 * i);
        if (unit == 0)
            break;
        header.parent_name += static_cast<char16_t>(unit);
    }
    for (std::size_t i = 0; i < header.locators.size(); ++i) {
        const std::size_t at = locators_at + i * locator_size;
        header.locators[i] = {load_be<std::uint32_t>(bytes, at), load_be<std::uint32_t>(bytes, at + 4),
                              load_be<std::uint32_t>(bytes, at + 8), load_be<std::uint64_t>(bytes, at + 16)};
    }
    return header;
}

} // namespace ntferry::block::vhd
