// A cylinder, head, sector address as INT 13h and the partition table write it.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

namespace ntferry::volume {

struct Chs {
    std::uint16_t cylinder = 0; ///< 0 to 1023
    std::uint8_t head = 0;      ///< 0 to 255
    std::uint8_t sector = 0;    ///< 1 to 63; 0 is not an address
    bool operator==(const Chs&) const = default;
};

/// The number of a sector under a geometry. sector must not be 0.
constexpr std::uint64_t chs_to_lba(const Chs& chs, std::uint32_t heads, std::uint32_t sectors) {
    return (std::uint64_t{chs.cylinder} * heads + chs.head) * sectors + chs.sector - 1U;
}

} // namespace ntferry::volume
