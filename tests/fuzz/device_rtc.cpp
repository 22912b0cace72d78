// Fuzz target: MC146818 and CMOS.
// SPDX-License-Identifier: GPL-3.0-or-later
// LINK: ntferry_vmm_devices
#include "tests/fuzz/device_fuzz.hpp"
#include "vmm/devices/rtc_mc146818.hpp"

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
    RtcMc146818 rtc(bench.ports, bench.clock, tick, 946684798);
    FuzzTarget target{bench, {{0x70, 2}}, {&rtc}};
    fuzz_device(target, ByteView(data, size));
    return 0;
}
