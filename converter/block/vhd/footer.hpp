// The hard disk footer of a VHD: 512 bytes at the end, with a copy at offset 0 of dynamic disks.
// VHD specification 1.0, "Hard Disk Footer Format".
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/base/bytes.hpp"
#include "converter/block/vhd/geometry.hpp"

#include <array>
#include <cstdint>
#include <ctime>
#include <optional>
#include <string>

namespace ntferry::block::vhd {

using UniqueId = std::array<std::uint8_t, 16>;

enum class DiskType : std::uint32_t { fixed = 2, dynamic = 3, differencing = 4 };

constexpr std::size_t footer_size = 512;
constexpr std::uint32_t format_version = 0x00010000;
constexpr std::uint64_t no_offset = ~std::uint64_t{0};
/// Our creator code.
constexpr std::uint32_t creator_ntferry = 0x6E746679; // "ntfy"

struct Footer {
    std::uint32_t features = 2; ///< bit 1 is reserved and always set
    std::uint32_t version = format_version;
    std::uint64_t data_offset = no_offset; ///< of the dynamic header; no_offset for fixed disks
    std::uint32_t timestamp = 0;           ///< seconds since 2000-01-01 UTC
    std::uint32_t creator = creator_ntferry;
    std::uint32_t creator_version = format_version;
    std::uint32_t creator_os = 0x5769326B; ///< "Wi2k"; the only other one is "Mac "
    std::uint64_t original_size = 0;       ///< bytes
    std::uint64_t current_size = 0;        ///< bytes
    Geometry geometry;
    DiskType type = DiskType::fixed;
    UniqueId id{};
    std::uint8_t saved_state = 0;

    /// Bytes of the disk as its creator's users saw it: current_size, but the product of the geometry for
    /// Virtual PC and Virtual Server, which never address what lies behind it.
    std::uint64_t disk_size() const;

    /// 512 bytes with the checksum filled in.
    std::array<std::uint8_t, footer_size> serialize() const;
    /// Nothing when the cookie, the checksum or the version is wrong. A footer of 511 bytes (before Virtual
    /// PC 2004) is accepted too.
    static std::optional<Footer> parse(ByteView bytes);
};

/// One's complement of the sum of all bytes except the 4 at checksum_offset.
std::uint32_t checksum(ByteView bytes, std::size_t checksum_offset);
bool has_footer_cookie(ByteView bytes);

std::uint32_t to_vhd_time(std::time_t time);
std::time_t from_vhd_time(std::uint32_t timestamp);
UniqueId random_id();
/// Eight groups as Windows prints a GUID.
std::string to_string(const UniqueId& id);
/// Four characters, unprintable ones as dots.
std::string creator_name(std::uint32_t creator);
const char* to_string(DiskType type);

} // namespace ntferry::block::vhd
