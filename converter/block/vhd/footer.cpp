// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/block/vhd/footer.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <sys/random.h>

namespace ntferry::block::vhd {
namespace {

constexpr char cookie[] = "conectix";
constexpr std::size_t checksum_at = 64;
constexpr std::time_t epoch_2000 = 946684800;                // 2000-01-01 00:00:00 UTC
constexpr std::uint32_t creator_virtual_pc = 0x76706320;     // "vpc "
constexpr std::uint32_t creator_virtual_server = 0x76732020; // "vs  "

} // namespace

std::uint32_t checksum(ByteView bytes, std::size_t checksum_offset) {
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i)
        if (i < checksum_offset || i >= checksum_offset + 4)
            sum += bytes[i];
    return ~sum;
}

bool has_footer_cookie(ByteView bytes) {
    return bytes.size() >= 8 && std::memcmp(bytes.data(), cookie, 8) == 0;
}

std::uint64_t Footer::disk_size() const {
    const bool trusts_geometry = creator == creator_virtual_pc || creator == creator_virtual_server;
    if (trusts_geometry && geometry != max_geometry && geometry.bytes() != 0)
        return std::min(current_size, geometry.bytes());
    return current_size;
}

std::array<std::uint8_t, footer_size> Footer::serialize() const {
    std::array<std::uint8_t, footer_size> bytes{};
    std::memcpy(bytes.data(), cookie, 8);
    store_be<std::uint32_t>(bytes, 8, features);
    store_be<std::uint32_t>(bytes, 12, version);
    store_be<std::uint64_t>(bytes, 16, data_offset);
    store_be<std::uint32_t>(bytes, 24, timestamp);
    store_be<std::uint32_t>(bytes, 28, creator);
    store_be<std::uint32_t>(bytes, 32, creator_version);
    store_be<std::uint32_t>(bytes, 36, creator_os);
    store_be<std::uint64_t>(bytes, 40, original_size);
    store_be<std::uint64_t>(bytes, 48, current_size);
    store_be<std::uint16_t>(bytes, 56, geometry.cylinders);
    bytes[58] = geometry.heads;
    bytes[59] = geometry.sectors_per_track;
    store_be<std::uint32_t>(bytes, 60, static_cast<std::uint32_t>(type));
    std::copy(id.begin(), id.end(), bytes.begin() + 68);
    bytes[84] = saved_state;
    store_be<std::uint32_t>(bytes, checksum_at, checksum(bytes, checksum_at));
    return bytes;
}

std::optional<Footer> Footer::parse(ByteView bytes) {
    if (bytes.size() < footer_size - 1 || !has_footer_cookie(bytes))
        return std::nullopt;
    bytes = bytes.first(std::min(bytes.size(), footer_size));
    if (load_be<std::uint32_t>(bytes, checksum_at) != checksum(bytes, checksum_at))
        return std::nullopt;
    Footer footer;
    footer.features = load_be<std::uint32_t>(bytes, 8);
    footer.version = load_be<std::uint32_t>(bytes, 12);
    footer.data_offset = load_be<std::uint64_t>(bytes, 16);
    footer.timestamp = load_be<std::uint32_t>(bytes, 24);
    footer.creator = load_be<std::uint32_t>(bytes, 28);
    footer.creator_version = load_be<std::uint32_t>(bytes, 32);
    footer.creator_os = load_be<std::uint32_t>(bytes, 36);
    footer.original_size = load_be<std::uint64_t>(bytes, 40);
    footer.current_size = load_be<std::uint64_t>(bytes, 48);
    footer.geometry = {load_be<std::uint16_t>(bytes, 56), bytes[58], bytes[59]};
    const auto type = load_be<std::uint32_t>(bytes, 60);
    std::copy_n(bytes.begin() + 68, 16, footer.id.begin());
    footer.saved_state = bytes[84];
    // Only the major version (the upper half) says that the layout is another one.
    if (footer.version >> 16U != format_version >> 16U || type < 2 || type > 4)
        return std::nullopt;
    footer.type = static_cast<DiskType>(type);
    return footer;
}

std::uint32_t to_vhd_time(std::time_t time) {
    return static_cast<std::uint32_t>(std::max<std::time_t>(0, time - epoch_2000));
}

std::time_t from_vhd_time(std::uint32_t timestamp) {
    return epoch_2000 + static_cast<std::time_t>(timestamp);
}

UniqueId random_id() {
    UniqueId id{};
    if (getrandom(id.data(), id.size(), 0) != static_cast<ssize_t>(id.size()))
        throw SystemError("getrandom", "no random numbers", errno);
    id[6] = static_cast<std::uint8_t>((id[6] & 0x0FU) | 0x40U); // RFC 4122 version 4
    id[8] = static_cast<std::uint8_t>((id[8] & 0x3FU) | 0x80U);
    return id;
}

std::string to_string(const UniqueId& id) {
    std::string hex = to_hex(id);
    for (const std::size_t at : {20U, 16U, 12U, 8U})
        hex.insert(at, "-");
    return hex;
}

std::string creator_name(std::uint32_t creator) {
    std::string name;
    for (int shift = 24; shift >= 0; shift -= 8) {
        const auto c = static_cast<char>(creator >> static_cast<unsigned>(shift) & 0xFFU);
        name += c >= ' ' && c <= '~' ? c : '.';
    }
    return name;
}

const char* to_string(DiskType type) {
    switch (type) {
    case DiskType::fixed:
        return "fixed";
    case DiskType::dynamic:
        return "dynamic";
    case DiskType::differencing:
        return "differencing";
    }
    return "unknown";
}

} // namespace ntferry::block::vhd
