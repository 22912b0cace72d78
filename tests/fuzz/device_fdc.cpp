// 82077AA with its DMA controller under random accesses. SPDX-License-Identifier: GPL-3.0-or-later
// LINK: ntferry_vmm_devices
#include "tests/devices/fake_disk.hpp"
#include "tests/fuzz/device_fuzz.hpp"
#include "vmm/devices/fdc82077.hpp"

using namespace ntferry;
using namespace ntferry::vmm;
using namespace ntferry::vmm::test;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Bench bench;
    FakeDisk disk(bench.clock, 163840);
    FakeDisk other(bench.clock, 184320);
    disk.bad_offset = 5 * 512;
    Dma8237 dma(bench.ports, bench.memory);
    Fdc82077 fdc(bench.ports, bench.clock, bench.irq, dma, 2);
    fdc.set_medium(0, &disk);
    bench.outb(0xD4, 0);
    bench.outb(0x3F2, 0x0C);
    FuzzTarget target{
        bench, {{0x3F2, 4}, {0x3F5, 1}, {0x3F5, 1}, {0x3F7, 1}, {0x00, 16}, {0x81, 1}}, {&fdc, &dma}};
    const ByteView input(data, size);
    for (std::size_t at = 0; at < size; at += 128) {
        fuzz_device(target, input.subspan(at, std::min<std::size_t>(128, size - at)));
        fdc.set_medium(data[at] & 1U, (data[at] & 2U) != 0 ? &other : (data[at] & 4U) != 0 ? &disk : nullptr);
        fdc.set_medium(~data[at] & 1U, nullptr);
    }
    return 0;
}
