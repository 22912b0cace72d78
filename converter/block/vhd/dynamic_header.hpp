// The dynamic disk header of a VHD: 1024 bytes, where the footer's data offset points.
// VHD specification 1.0, "Dynamic Disk Header Format".
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/block/vhd/footer.hpp"

#include <array>
#include <string>

namespace ntferry::block::vhd {

constexpr std::size_t dynamic_header_size = 1024;
constexpr std::uint32_t default_block_size = 2U << 20U;
constexpr std::uint32_t smallest_block_size = 4096;
constexpr std::uint32_t largest_block_size = 256U << 20U;

/// Where one form of the parent's name is stored.
struct LocatorEntry {
    std::uint32_t platform = 0;    ///< 0: entry unused
    std::uint32_t data_space = 0;  ///< the specification says sectors, Microsoft's tools write bytes
    std::uint32_t data_length = 0; ///< bytes
    std::uint64_t data_offset = 0; ///< bytes from the start of the file
    bool operator==(const LocatorEntry&) const = default;
};

struct DynamicHeader {
    std::uint64_t table_offset = 0;      ///< of the BAT, bytes
    std::uint32_t max_table_entries = 0; ///< of the BAT
    std::uint32_t block_size = default_block_size;
    UniqueId parent_id{};
    std::uint32_t parent_timestamp = 0;
    std::u16string parent_name; ///< file name, up to 255 UTF-16 units
    std::array<LocatorEntry, 8> locators{};

    std::array<std::uint8_t, dynamic_header_size> serialize() const;
    /// Nothing when the cookie, the checksum or the version is wrong; fields are not judged here.
    static std::optional<DynamicHeader> parse(ByteView bytes);
};

} // namespace ntferry::block::vhd
