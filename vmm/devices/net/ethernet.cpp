// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/devices/net/ethernet.hpp"

#include <algorithm>

namespace ntferry::vmm::net {
namespace {

constexpr std::uint32_t polynomial = 0xEDB88320; // 04C11DB7h with its bits in reverse

/// table[k][b]: the effect of byte b followed by k zero bytes, so that four bytes go in one step.
constexpr auto make_tables() {
    std::array<std::array<std::uint32_t, 256>, 4> tables{};
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
        std::uint32_t crc = byte;
        for (int bit = 0; bit < 8; ++bit)
            crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? polynomial : 0U);
        tables[0][byte] = crc;
    }
    for (std::size_t k = 1; k < 4; ++k)
        for (std::size_t byte = 0; byte < 256; ++byte)
            tables[k][byte] = (tables[k - 1][byte] >> 8U) ^ tables[0][tables[k - 1][byte] & 0xFFU];
    return tables;
}

constexpr auto tables = make_tables();

} // namespace

std::uint32_t crc32_register(ByteView bytes) noexcept {
    std::uint32_t crc = 0xFFFFFFFF;
    std::size_t at = 0;
    for (; at + 4 <= bytes.size(); at += 4) {
        crc ^= static_cast<std::uint32_t>(bytes[at]) | static_cast<std::uint32_t>(bytes[at + 1]) << 8U |
               static_cast<std::uint32_t>(bytes[at + 2]) << 16U |
               static_cast<std::uint32_t>(bytes[at + 3]) << 24U;
        crc = tables[3][crc & 0xFFU] ^ tables[2][crc >> 8U & 0xFFU] ^ tables[1][crc >> 16U & 0xFFU] ^
              tables[0][crc >> 24U];
    }
    for (; at < bytes.size(); ++at)
        crc = (crc >> 8U) ^ tables[0][(crc ^ bytes[at]) & 0xFFU];
    return crc;
}

bool is_broadcast(ByteView address) noexcept {
    return std::all_of(address.begin(), address.begin() + 6, [](std::uint8_t byte) { return byte == 0xFF; });
}

} // namespace ntferry::vmm::net
