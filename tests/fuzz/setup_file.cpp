// Setup media files: cabinets, SZDD, KWAJ.
// LINK: ntferry_patch
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/patch/drivers/expand.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    try {
        (void)ntferry::patch::expand(ntferry::ByteView(data, size), "atapi.sys", "fuzz",
                                     std::uint64_t{4} << 20U);
    } catch (const ntferry::Error&) { // the expected answer to nonsense
    }
    return 0;
}
