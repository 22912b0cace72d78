// Printer port under random accesses. SPDX-License-Identifier: GPL-3.0-or-later
// LINK: ntferry_vmm_devices
#include "tests/fuzz/device_fuzz.hpp"
#include "vmm/devices/parallel_port.hpp"

#include <functional>

using namespace ntferry;
using namespace ntferry::vmm;
using namespace ntferry::vmm::test;

namespace {

/// Takes two bytes of three.
struct Printer final : CharBackend {
    std::size_t write(ByteView data) override { return ++writes % 3 == 0 ? 0 : data.size(); }
    void attach(std::function<std::size_t(ByteView)>, std::function<void()>) override {}
    unsigned writes = 0;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Bench bench;
    Printer printer;
    ParallelPort port(bench.ports, 0x378, "lpt1", bench.clock, bench.irq, &printer);
    FuzzTarget target{bench, {{0x378, 3}, {0x37A, 1}}, {&port}};
    fuzz_device(target, ByteView(data, size));
    return 0;
}
