// A VS_VERSIONINFO block from hostile bytes.
// LINK: ntferry_nt
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/nt/pe/version.hpp"

using namespace ntferry;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    try {
        (void)nt::pe::parse_version_info(ByteView(data, size));
    } catch (const Error&) {
    }
    return 0;
}
