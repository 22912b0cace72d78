// Fuzz target: 82093AA.
// SPDX-License-Identifier: GPL-3.0-or-later
// LINK: ntferry_vmm_devices
#include "tests/fuzz/device_fuzz.hpp"
#include "vmm/devices/ioapic.hpp"

using namespace ntferry;
using namespace ntferry::vmm;
using namespace ntferry::vmm::test;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Bench bench;
    IoApic apic(
        bench.mmio, [](const IoApic::Message&) {}, [] {});
    for (std::size_t i = 0; i < size && i < 8; ++i) {
        apic.set_pin(data[i], (data[i] & 1U) != 0);
        apic.end_of_interrupt(data[i]);
    }
    FuzzTarget target{bench, {}, {&apic}, nullptr, IoApic::default_address, 0x1000};
    fuzz_device(target, ByteView(data, size));
    return 0;
}
