// Fuzz target: 16550A.
// SPDX-License-Identifier: GPL-3.0-or-later
// LINK: ntferry_vmm_devices
#include "tests/fuzz/device_fuzz.hpp"
#include "vmm/devices/uart16550.hpp"

using namespace ntferry;
using namespace ntferry::vmm;
using namespace ntferry::vmm::test;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Bench bench;
    Uart16550 uart("com1", bench.ports, 0x3F8, bench.clock, bench.irq, nullptr);
    FuzzTarget target{bench, {{0x3F8, 8}}, {&uart}};
    fuzz_device(target, ByteView(data, size));
    return 0;
}
