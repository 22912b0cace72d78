// Fuzz target: PCI host, 440FX and PIIX3.
// SPDX-License-Identifier: GPL-3.0-or-later
// LINK: ntferry_vmm_devices
#include "tests/fuzz/device_fuzz.hpp"
#include "vmm/devices/i440fx.hpp"
#include "vmm/devices/pci_bus.hpp"
#include "vmm/devices/piix3_isa.hpp"

using namespace ntferry;
using namespace ntferry::vmm;
using namespace ntferry::vmm::test;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Bench bench;
    std::array<ProbeLine, 16> lines;
    PciBus pci(bench.ports, [] {});
    I440fx bridge([] {});
    Piix3Isa isa(
        bench.ports, [&](unsigned irq) -> IrqLine& { return lines[irq]; }, [] {});
    pci.add(bridge, {0, 0});
    pci.add(isa, {1, 0});
    for (std::size_t i = 0; i < size && i < 8; ++i)
        isa.interrupt(data[i] & 31U, data[i] >> 5U).set(true);
    FuzzTarget target{bench, {{0xCF8, 8}, {0x92, 1}}, {&pci, &bridge, &isa}, &isa};
    fuzz_device(target, ByteView(data, size));
    return 0;
}
