// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/block/vhd/sector_bitmap.hpp"

#include <algorithm>
#include <bit>

namespace ntferry::block::vhd {

std::uint32_t SectorBitmap::run_length(std::uint32_t sector, std::uint32_t limit) const {
    // Big-endian words put sector order into bit order from the top, so one count covers up to 64 sectors.
    const bool wanted = test(sector);
    std::uint32_t length = 0;
    while (length < limit) {
        const std::uint32_t at = sector + length;
        const std::uint32_t word_at = at / 64 * 8;
        auto word = load_be<std::uint64_t>(bytes_, word_at);
        if (wanted)
            word = ~word;
        word <<= at % 64;
        const auto same = static_cast<std::uint32_t>(std::countl_zero(word));
        const std::uint32_t in_word = 64 - at % 64;
        length += std::min(same, in_word);
        if (same < in_word)
            break;
    }
    return std::min(length, limit);
}

bool SectorBitmap::set(std::uint32_t first, std::uint32_t count) {
    bool changed = false;
    for (std::uint32_t sector = first; sector < first + count;) {
        const std::uint32_t bits = std::min(8 - sector % 8, first + count - sector);
        const auto mask = static_cast<std::uint8_t>((0xFFU << (8 - bits) & 0xFFU) >> sector % 8);
        std::uint8_t& byte = bytes_[sector / 8];
        changed = changed || (byte & mask) != mask;
        byte = static_cast<std::uint8_t>(byte | mask);
        sector += bits;
    }
    return changed;
}

} // namespace ntferry::block::vhd
