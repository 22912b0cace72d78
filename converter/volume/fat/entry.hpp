// Directory entries of FAT: the 32-byte slots, long names in front of their 8.3 entry.
// Source: "FAT: General Overview of On-Disk Format" 1.03 (Microsoft, 2000).
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/volume/filesystem.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ntferry::volume::fat {

constexpr std::size_t slot_size = 32;
constexpr std::uint8_t slot_end = 0x00;
constexpr std::uint8_t slot_deleted = 0xE5;
constexpr std::uint8_t attribute_label = 0x08;
constexpr std::uint8_t attribute_long_name = 0x0F;

using ShortName = std::array<std::uint8_t, 11>; ///< as stored: space-padded, no full stop

struct Entry {
    std::u16string name;    ///< long name, or the short one with NT's case bits applied
    std::string short_name; ///< "NAME.EXT", UTF-8
    bool has_long_name = false;
    std::uint8_t attributes = 0;
    std::uint32_t first_cluster = 0; ///< 0: none
    std::uint32_t size = 0;
    std::int64_t modified = 0;
    std::size_t first_slot = 0; ///< of the long name's parts, or of the entry
    std::size_t slot = 0;       ///< of the 8.3 entry
    ShortName stored{};

    bool is_directory() const { return (attributes & attribute_directory) != 0; }
    FileInfo info() const;
};

/// All entries of a directory's bytes, "." and ".." and labels included, up to the end mark. Long names whose
/// parts do not belong to their entry are ignored, as NT does.
std::vector<Entry> parse_entries(ByteView directory, bool fat32);

/// The checksum that ties the parts of a long name to an 8.3 entry.
std::uint8_t short_name_checksum(const ShortName& name);

/// "NAME.EXT" (upper-case ASCII) as stored.
ShortName store_short_name(const std::string& name);

/// Slots of the long name, in the order in which they stand before the 8.3 entry.
Bytes long_name_slots(std::u16string_view name, const ShortName& short_name);

/// Date and time words of seconds since 1970 (taken as local time).
struct DosTime {
    std::uint16_t date = 0;
    std::uint16_t time = 0;
};
DosTime to_dos_time(std::int64_t seconds);
std::int64_t from_dos_time(DosTime time);

} // namespace ntferry::volume::fat
