// VGA and VBE under random accesses, rendered now and then. SPDX-License-Identifier: GPL-3.0-or-later
// LINK: ntferry_vmm_devices
#include "tests/fuzz/device_fuzz.hpp"
#include "vmm/devices/vga/vga.hpp"

using namespace ntferry;
using namespace ntferry::vmm;
using namespace ntferry::vmm::test;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Bench bench;
    UnmappedFrameMemory frames(std::size_t{256} << 10U);
    Vga vga(bench.ports, bench.mmio, bench.clock, frames);
    vga.config_write(0x10, 4, 0xE0000000);
    vga.config_write(0x04, 2, 0x0003);
    FuzzTarget target{bench,
                      {{0x3B0, 48}, {0x3C0, 1}, {0x3C4, 2}, {0x3CE, 2}, {0x3D4, 2}, {0x1CE, 3}},
                      {&vga},
                      &vga,
                      Vga::window_start,
                      Vga::window_size};
    Frame frame;
    const ByteView input(data, size);
    for (std::size_t at = 0; at < size; at += 256) {
        fuzz_device(target, input.subspan(at, std::min<std::size_t>(256, size - at)));
        vga.render(frame);
        if (const auto text = vga.text())
            static_cast<void>(text->utf8());
    }
    return 0;
}
