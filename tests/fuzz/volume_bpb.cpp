// Boot sectors: parsed and patched.
// LINK: ntferry_volume
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/volume/bpb.hpp"
#include "tests/fuzz/volume_device.hpp"

using namespace ntferry;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    volume::parse_bpb({data, size});
    fuzz::FuzzDevice volume({data, data + size}, std::uint64_t{1} << 20U);
    volume::BpbPatch patch;
    patch.heads = 240;
    patch.sectors_per_track = 63;
    patch.hidden_sectors = 63;
    try {
        volume::patch_boot_sectors(volume, patch);
    } catch (const Error&) {
    }
    return 0;
}
