// Fuzz target: 8042, keyboard and mouse.
// SPDX-License-Identifier: GPL-3.0-or-later
// LINK: ntferry_vmm_devices
#include "tests/fuzz/device_fuzz.hpp"
#include "vmm/devices/i8042.hpp"

using namespace ntferry;
using namespace ntferry::vmm;
using namespace ntferry::vmm::test;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Bench bench;
    ProbeLine mouse;
    I8042 i8042(bench.ports, {bench.irq, mouse, [] {}, [](bool) {}, [] { return true; }});
    for (std::size_t i = 0; i + 4 < size && i < 64; i += 4)
        if ((data[i] & 1U) != 0)
            i8042.key(data[i + 1] | (data[i] & 2U ? 0xE000U : 0U), (data[i] & 4U) != 0);
        else
            i8042.mouse(static_cast<std::int8_t>(data[i + 1]) * 40,
                        static_cast<std::int8_t>(data[i + 2]) * 40, static_cast<std::int8_t>(data[i + 3]),
                        data[i]);
    FuzzTarget target{bench, {{0x60, 1}, {0x64, 1}}, {&i8042}};
    fuzz_device(target, ByteView(data, size));
    return 0;
}
