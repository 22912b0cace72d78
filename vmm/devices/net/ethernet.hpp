// Ethernet frames: addresses and the frame check sequence.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// IEEE 802.3 clause 3.
#pragma once

#include "converter/base/bytes.hpp"

#include <array>
#include <cstdint>

namespace ntferry::vmm::net {

using MacAddress = std::array<std::uint8_t, 6>;

inline constexpr std::size_t header_length = 14;
inline constexpr std::size_t minimum_frame = 60;   ///< without FCS
inline constexpr std::size_t maximum_frame = 1518; ///< without FCS, with one VLAN tag
inline constexpr std::size_t fcs_length = 4;

/// CRC-32 register after the bytes, least significant bit first, not yet inverted (802.3, 3.2.8).
std::uint32_t crc32_register(ByteView bytes) noexcept;

/// The four bytes that follow a frame on the wire, as a little-endian number.
inline std::uint32_t frame_check_sequence(ByteView frame) noexcept {
    return ~crc32_register(frame);
}

inline bool is_multicast(ByteView address) {
    return (address[0] & 1U) != 0;
}
bool is_broadcast(ByteView address) noexcept;

} // namespace ntferry::vmm::net
