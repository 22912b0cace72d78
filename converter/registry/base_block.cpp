// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/registry/base_block.hpp"

#include "converter/base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace ntferry::registry {
namespace {

constexpr std::size_t off_primary_sequence = 4;
constexpr std::size_t off_secondary_sequence = 8;
constexpr std::size_t off_timestamp = 12;
constexpr std::size_t off_major = 20;
constexpr std::size_t off_minor = 24;
constexpr std::size_t off_file_type = 28;
constexpr std::size_t off_root = 36;
constexpr std::size_t off_bins_size = 40;
constexpr std::size_t off_cluster = 44;
constexpr std::size_t off_file_name = 48;
constexpr std::size_t file_name_size = 64;
constexpr std::size_t off_checksum = 508;

} // namespace

std::uint32_t base_block_checksum(ByteView bytes) {
    std::uint32_t sum = 0;
    for (std::size_t at = 0; at < off_checksum; at += 4)
        sum ^= load_le<std::uint32_t>(bytes, at);
    if (sum == 0)
        return 1;
    return sum == 0xFFFFFFFFU ? 0xFFFFFFFEU : sum;
}

BaseBlock parse_base_block(ByteView bytes, const std::string& name) {
    if (bytes.size() < log_sector_size)
        throw Error(name, fmt::format("too short for a hive ({} bytes)", bytes.size()));
    if (std::memcmp(bytes.data(), "regf", 4) != 0)
        throw Error(name, all_zero(bytes.first(log_sector_size)) ? "the header is all zeros, not a hive"
                                                                 : "not a hive: no \"regf\" at the start");
    BaseBlock base;
    base.primary_sequence = load_le<std::uint32_t>(bytes, off_primary_sequence);
    base.secondary_sequence = load_le<std::uint32_t>(bytes, off_secondary_sequence);
    base.timestamp = load_le<std::uint64_t>(bytes, off_timestamp);
    base.major = load_le<std::uint32_t>(bytes, off_major);
    base.minor = load_le<std::uint32_t>(bytes, off_minor);
    base.file_type = load_le<std::uint32_t>(bytes, off_file_type);
    base.root_offset = load_le<std::uint32_t>(bytes, off_root);
    base.bins_size = load_le<std::uint32_t>(bytes, off_bins_size);
    base.cluster = load_le<std::uint32_t>(bytes, off_cluster);
    base.file_name = text::from_utf16le(bytes.subspan(off_file_name, file_name_size));
    base.file_name.resize(std::min(base.file_name.size(), base.file_name.find('\0')));
    base.checksum = load_le<std::uint32_t>(bytes, off_checksum);
    base.checksum_due = base_block_checksum(bytes);
    return base;
}

void seal_base_block(MutableByteView image, std::uint32_t sequence) {
    store_le(image, off_primary_sequence, sequence);
    store_le(image, off_secondary_sequence, sequence);
    store_le<std::uint32_t>(image, off_file_type, 0);
    store_le(image, off_checksum, base_block_checksum(image));
}

std::vector<std::string> check_bins(ByteView image, const BaseBlock& base) {
    std::vector<std::string> problems;
    const std::uint64_t end = std::uint64_t{base_block_size} + base.bins_size;
    if (base.bins_size == 0 || base.bins_size % 4096 != 0)
        problems.push_back(fmt::format("size of the bins is {}, not a multiple of 4096", base.bins_size));
    if (end > image.size()) {
        problems.push_back(fmt::format("truncated: {} bytes of bins announced, {} there", base.bins_size,
                                       image.size() < base_block_size ? 0 : image.size() - base_block_size));
        return problems;
    }
    for (std::uint64_t at = base_block_size; at < end;) {
        if (end - at < 32 || std::memcmp(image.data() + at, "hbin", 4) != 0) {
            problems.push_back(fmt::format("no hive bin at offset {:#x}", at));
            break;
        }
        const auto own = load_le<std::uint32_t>(image, static_cast<std::size_t>(at) + 4);
        const auto size = load_le<std::uint32_t>(image, static_cast<std::size_t>(at) + 8);
        if (own != at - base_block_size)
            problems.push_back(fmt::format("bin at {:#x} says that it lies at {:#x}", at,
                                           std::uint64_t{own} + base_block_size));
        if (size == 0 || size % 4096 != 0 || size > end - at) {
            problems.push_back(fmt::format("bin at {:#x} has size {:#x}", at, size));
            break;
        }
        if (problems.size() > 8)
            break;
        at += size;
    }
    return problems;
}

std::int64_t unix_time(std::uint64_t filetime) {
    constexpr std::uint64_t ticks_per_second = 10'000'000;
    constexpr std::uint64_t seconds_1601_to_1970 = 11'644'473'600;
    const std::uint64_t seconds = filetime / ticks_per_second;
    return seconds < seconds_1601_to_1970 ? 0 : static_cast<std::int64_t>(seconds - seconds_1601_to_1970);
}

} // namespace ntferry::registry
