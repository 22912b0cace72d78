// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/bus/clock.hpp"
#include "vmm/bus/guest_memory.hpp"
#include "vmm/bus/mmio_bus.hpp"
#include "vmm/bus/port_bus.hpp"

#include <catch2/catch.hpp>

#include <vector>

using namespace ntferry;
using namespace ntferry::vmm;

namespace {

/// Remembers the last write; reads back the port number.
struct EchoDevice : PortDevice {
    std::uint32_t port_read(std::uint16_t port, unsigned) override { return port & 0xFFU; }
    void port_write(std::uint16_t port, unsigned width, std::uint32_t value) override {
        writes.push_back({port, width, value});
    }
    struct Write {
        std::uint16_t port;
        unsigned width;
        std::uint32_t value;
        bool operator==(const Write&) const = default;
    };
    std::vector<Write> writes;
};

} // namespace

TEST_CASE("a port claimed twice names both claimants") {
    PortBus bus;
    EchoDevice a;
    EchoDevice b;
    bus.claim(0x1F0, 8, a, "ide0");
    CHECK_THROWS_WITH(bus.claim(0x1F7, 1, b, "thief"), "thief: port 01F7h belongs to ide0");
}

TEST_CASE("unclaimed ports read as ones and a wide access is split between owners") {
    PortBus bus;
    EchoDevice a;
    EchoDevice b;
    bus.claim(0x70, 2, a, "rtc");
    bus.claim(0x72, 1, b, "other");
    CHECK(bus.read(0x80, 1) == 0xFF);
    CHECK(bus.read(0x80, 4) == 0xFFFFFFFF);
    CHECK(bus.read(0x71, 4) == 0xFFFF7271);
    bus.write(0x71, 2, 0xBBAA);
    CHECK(a.writes == std::vector<EchoDevice::Write>{{0x71, 1, 0xAA}});
    CHECK(b.writes == std::vector<EchoDevice::Write>{{0x72, 1, 0xBB}});
}

TEST_CASE("timers expire at their own time and in the order they were armed") {
    ManualClock clock;
    std::vector<std::pair<int, Nanoseconds>> calls;
    Timer late(clock, [&] { calls.emplace_back(2, clock.now()); });
    Timer early(clock, [&] { calls.emplace_back(1, clock.now()); });
    Timer cancelled(clock, [&] { calls.emplace_back(3, clock.now()); });
    late.arm(200);
    early.arm(100);
    cancelled.arm(150);
    cancelled.cancel();
    CHECK(clock.next_deadline() == 100);
    clock.advance(1000);
    CHECK(calls == std::vector<std::pair<int, Nanoseconds>>{{1, 100}, {2, 200}});
    CHECK(clock.now() == 1000);
}

TEST_CASE("a timer that arms itself again keeps its rhythm within one step") {
    ManualClock clock;
    int ticks = 0;
    Timer timer(clock, [&] {
        ++ticks;
        timer.arm(clock.now() + 10);
    });
    timer.arm(10);
    clock.advance(100);
    CHECK(ticks == 10);
}

TEST_CASE("guest memory outside RAM reads as ones and swallows writes") {
    Bytes low(16, 0x11);
    Bytes high(16, 0x22);
    GuestMemory memory;
    memory.add_region(16, high);
    memory.add_region(0, low);
    CHECK(memory.read16(15) == 0x2211);
    CHECK(memory.read16(31) == 0xFF22);
    CHECK(memory.span(8, 16).empty());
    CHECK(memory.span(16, 16).size() == 16);
    const Bytes data{1, 2};
    CHECK_FALSE(memory.write(31, data));
    CHECK(high.back() == 1);
    CHECK_FALSE(memory.write(~std::uint64_t{0}, data));
}

TEST_CASE("who waits for what devices write to memory is told after each write") {
    Bytes ram(16, 0);
    GuestMemory memory;
    memory.add_region(0, ram);
    unsigned told = 0;
    memory.on_write = [&] { told += ram[3] == 7 ? 1 : 100; };
    memory.write8(3, 7);
    memory.write32(8, 1);
    CHECK(memory.read32(8) == 1);
    CHECK(told == 2);
}
