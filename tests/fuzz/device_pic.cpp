// Fuzz target: 8259A pair.
// SPDX-License-Identifier: GPL-3.0-or-later
// LINK: ntferry_vmm_devices
#include "tests/fuzz/device_fuzz.hpp"
#include "vmm/devices/pic8259.hpp"

using namespace ntferry;
using namespace ntferry::vmm;
using namespace ntferry::vmm::test;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Bench bench;
    PicPair pic(bench.ports, bench.irq);
    for (std::size_t i = 0; i < size && i < 8; ++i)
        pic.line(data[i] & 15U).set((data[i] & 16U) != 0);
    pic.acknowledge();
    FuzzTarget target{bench, {{0x20, 2}, {0xA0, 2}, {0x4D0, 2}}, {&pic}};
    fuzz_device(target, ByteView(data, size));
    return 0;
}
