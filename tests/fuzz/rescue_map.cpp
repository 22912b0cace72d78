// A ddrescue map of any bytes; what is parsed is written and parsed again to the same ranges.
// SPDX-License-Identifier: GPL-3.0-or-later
// LINK: ntferry_block
#include "converter/block/rescue_map.hpp"

#include "converter/base/error.hpp"

#include <cstdlib>

using ntferry::block::RescueMap;
using ntferry::block::RescueStatus;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    try {
        RescueMap map = RescueMap::parse({reinterpret_cast<const char*>(data), size}, "fuzz.map");
        if (RescueMap::parse(map.to_text(), "again.map").ranges() != map.ranges())
            std::abort();
        const std::uint64_t bytes = map.size();
        if (bytes > 4 && size > 2) {
            map.set(data[0] % bytes, 1 + data[1] % (bytes - data[0] % bytes), RescueStatus::bad_sector);
            std::uint64_t end = 0;
            for (const auto& range : map.ranges()) {
                if (range.offset != end || range.length == 0)
                    std::abort();
                end = range.end();
            }
            if (end != bytes)
                std::abort();
        }
    } catch (const ntferry::Error&) { // NOLINT(bugprone-empty-catch): refusing is right
    }
    return 0;
}
