// Partition tables and the geometry that follows from them.
// LINK: ntferry_volume
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/volume/geometry.hpp"
#include "tests/fuzz/volume_device.hpp"

using namespace ntferry;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::FuzzDevice disk({data, data + size}, std::uint64_t{4} << 20U);
    try {
        const volume::DiskLayout layout = volume::read_layout(disk);
        const volume::Geometry geometry = volume::recover_geometry(disk, layout);
        if (geometry.heads == 0 || geometry.heads > 256 || geometry.sectors == 0 || geometry.sectors > 63)
            __builtin_trap();
    } catch (const Error&) {
    }
    return 0;
}
