// Fuzz target: 8254 and port 61h.
// SPDX-License-Identifier: GPL-3.0-or-later
// LINK: ntferry_vmm_devices
#include "tests/fuzz/device_fuzz.hpp"
#include "vmm/devices/pit8254.hpp"

using namespace ntferry;
using namespace ntferry::vmm;
using namespace ntferry::vmm::test;

namespace {

struct TickProbe final : TickLine {
    void set(bool level) override { high = level; }
    Tick last_tick() const override { return high ? Tick::waiting : Tick::taken; }
    bool high = false;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Bench bench;
    TickProbe tick;
    Pit8254 pit(bench.ports, bench.clock, tick);
    FuzzTarget target{bench, {{0x40, 4}, {0x61, 1}}, {&pit}};
    fuzz_device(target, ByteView(data, size));
    return 0;
}
