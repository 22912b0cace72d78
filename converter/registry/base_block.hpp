// Base block: the first 4096 bytes of a hive, and the first sector of its log.
//
// Layout after "Windows registry file format specification" (M. Suhanov), "Base block". The checksum is the
// XOR-32 of the first 127 dwords; 0 and 0xFFFFFFFF are written as 1 and 0xFFFFFFFE.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/base/bytes.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace ntferry::registry {

inline constexpr std::size_t base_block_size = 4096;
inline constexpr std::size_t log_sector_size = 512;

struct BaseBlock {
    std::uint32_t primary_sequence = 0;
    std::uint32_t secondary_sequence = 0;
    std::uint64_t timestamp = 0; ///< FILETIME of the last write
    std::uint32_t major = 1;
    std::uint32_t minor = 3;     ///< 1: NT 3.1, 2: NT 3.5x, 3: NT 4.0, 2000, 4 and 5: XP and later
    std::uint32_t file_type = 0; ///< 0 primary, 1 log (XP to 7), 2 log (NT 4.0, 2000), 6 log (8.1 and later)
    std::uint32_t root_offset = 0;  ///< of the root key's cell, from the start of the bins
    std::uint32_t bins_size = 0;    ///< bytes of hive bins after the base block
    std::uint32_t cluster = 1;      ///< sector size / 512
    std::string file_name;          ///< tail of the path, UTF-8
    std::uint32_t checksum = 0;     ///< as stored
    std::uint32_t checksum_due = 0; ///< as computed

    bool checksum_good() const { return checksum == checksum_due; }
    bool sequences_equal() const { return primary_sequence == secondary_sequence; }
};

/// Reads the first 512 bytes. @throws Error when there is no "regf"
BaseBlock parse_base_block(ByteView bytes, const std::string& name);
/// The checksum of the first 508 bytes.
std::uint32_t base_block_checksum(ByteView bytes);
/// Stores equal sequence numbers, file type 0 and the right checksum: a clean primary.
void seal_base_block(MutableByteView image, std::uint32_t sequence);

/// Walks the chain of bins behind the base block: "hbin", own offset, size. Returns what is wrong, one line
/// each; empty when the chain covers bins_size.
std::vector<std::string> check_bins(ByteView image, const BaseBlock& base);

/// Seconds since 1970 of a FILETIME; 0 for 0 and for what lies before 1970.
std::int64_t unix_time(std::uint64_t filetime);

} // namespace ntferry::registry
