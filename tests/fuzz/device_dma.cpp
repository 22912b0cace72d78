// 8237A pair: random programming, random transfers. SPDX-License-Identifier: GPL-3.0-or-later
// LINK: ntferry_vmm_devices
#include "tests/fuzz/device_fuzz.hpp"
#include "vmm/devices/dma8237.hpp"

using namespace ntferry;
using namespace ntferry::vmm;
using namespace ntferry::vmm::test;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Bench bench;
    Dma8237 dma(bench.ports, bench.memory);
    FuzzTarget target{bench, {{0x00, 16}, {0x80, 16}, {0xC0, 32}}, {&dma}};
    const ByteView input(data, size);
    Bytes block(4096);
    for (std::size_t at = 0; at < size; at += 64) {
        fuzz_device(target, input.subspan(at, std::min<std::size_t>(64, size - at)));
        const unsigned channel = data[at];
        const std::size_t length = std::size_t{data[at]} * 16 + 1;
        dma.to_memory(channel, ByteView(block).first(length));
        dma.from_memory(channel >> 3U, MutableByteView(block).first(length));
        dma.set_request(channel, (data[at] & 0x80U) != 0);
    }
    return 0;
}
