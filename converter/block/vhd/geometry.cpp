// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/block/vhd/geometry.hpp"

#include <algorithm>

namespace ntferry::block::vhd {

Geometry geometry_for(std::uint64_t sectors) {
    sectors = std::min<std::uint64_t>(sectors, 65535ULL * 16 * 255);
    std::uint64_t per_track = 0;
    std::uint64_t heads = 0;
    std::uint64_t cylinders_times_heads = 0;
    if (sectors >= 65535ULL * 16 * 63) {
        per_track = 255;
        heads = 16;
        cylinders_times_heads = sectors / per_track;
    } else {
        per_track = 17;
        cylinders_times_heads = sectors / per_track;
        heads = std::max<std::uint64_t>(4, (cylinders_times_heads + 1023) / 1024);
        if (cylinders_times_heads >= heads * 1024 || heads > 16) {
            per_track = 31;
            heads = 16;
            cylinders_times_heads = sectors / per_track;
        }
        if (cylinders_times_heads >= heads * 1024) {
            per_track = 63;
            heads = 16;
            cylinders_times_heads = sectors / per_track;
        }
    }
    return {static_cast<std::uint16_t>(cylinders_times_heads / heads), static_cast<std::uint8_t>(heads),
            static_cast<std::uint8_t>(per_track)};
}

std::uint64_t round_to_geometry(std::uint64_t bytes) {
    const std::uint64_t sectors = bytes / sector_size + (bytes % sector_size != 0 ? 1 : 0);
    if (sectors > max_geometry.bytes() / sector_size)
        return sectors * sector_size;
    // A cylinder is at most 16 x 255 sectors, so a product is never further away.
    for (std::uint64_t more = 0;; ++more)
        if (const Geometry geometry = geometry_for(sectors + more); geometry.bytes() >= sectors * sector_size)
            return geometry.bytes();
}

} // namespace ntferry::block::vhd
