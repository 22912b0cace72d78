// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/devices/bench.hpp"
#include "vmm/devices/pic8259.hpp"

#include <catch2/catch.hpp>

using namespace ntferry;
using namespace ntferry::vmm;
using namespace ntferry::vmm::test;

namespace {

/// The pair as NT's HAL leaves it: vectors 30h and 38h, nothing masked.
struct PicBench : Bench {
    PicPair pic{ports, irq};
    PicBench() { initialise(0x01); }
    void initialise(std::uint8_t icw4) {
        outb(0x20, 0x11);
        outb(0x21, 0x30);
        outb(0x21, 0x04);
        outb(0x21, icw4);
        outb(0xA0, 0x11);
        outb(0xA1, 0x38);
        outb(0xA1, 0x02);
        outb(0xA1, 0x01);
    }
};

} // namespace

TEST_CASE("pic: an edge raises INTR and is acknowledged with its vector") {
    PicBench b;
    b.pic.line(3).raise();
    CHECK(b.irq.level());
    CHECK(b.pic.acknowledge() == 0x33);
    CHECK_FALSE(b.irq.level());
    b.outb(0x20, 0x0B); // read ISR
    CHECK(b.inb(0x20) == 0x08);
    b.outb(0x20, 0x20);
    CHECK(b.inb(0x20) == 0x00);
}

TEST_CASE("pic: a held edge input does not interrupt twice, a level input does") {
    PicBench b;
    b.pic.line(5).raise();
    b.pic.acknowledge();
    b.outb(0x20, 0x20);
    CHECK_FALSE(b.irq.level());
    b.outb(0x4D0, 0x20);
    CHECK(b.irq.level());
    b.pic.acknowledge();
    CHECK_FALSE(b.irq.level());
    b.outb(0x20, 0x20);
    CHECK(b.irq.level());
    b.pic.line(5).lower();
    CHECK_FALSE(b.irq.level());
}

TEST_CASE("pic: ELCR keeps IRQ 0, 1, 2, 8 and 13 edge triggered") {
    PicBench b;
    b.outw(0x4D0, 0xFFFF);
    CHECK(b.inw(0x4D0) == 0xDEF8);
}

TEST_CASE("pic: a lower priority waits for the EOI of a higher one") {
    PicBench b;
    b.pic.line(1).raise();
    b.pic.line(6).raise();
    CHECK(b.pic.acknowledge() == 0x31);
    CHECK_FALSE(b.irq.level());
    b.pic.line(0).raise();
    CHECK(b.irq.level()); // a higher one nests
    CHECK(b.pic.acknowledge() == 0x30);
    b.outb(0x20, 0x20);
    CHECK_FALSE(b.irq.level());
    b.outb(0x20, 0x20);
    CHECK(b.pic.acknowledge() == 0x36);
}

TEST_CASE("pic: a request that waits for an EOI is held back and says so once") {
    PicBench b;
    unsigned told = 0;
    PortBus other_ports;
    PicPair pic(other_ports, b.irq, [&] { ++told; });
    CHECK_FALSE(pic.held_back());
    pic.line(0).raise(); // goes to the processor
    CHECK_FALSE(pic.held_back());
    pic.acknowledge();
    CHECK_FALSE(pic.held_back());
    CHECK(told == 0);
    pic.line(4).raise();
    CHECK(pic.held_back());
    pic.line(5).raise();
    CHECK(told == 1);
    other_ports.write(0x21, 1, 0x30); // both are masked
    CHECK_FALSE(pic.held_back());
    other_ports.write(0x21, 1, 0x00);
    CHECK(pic.held_back());
    other_ports.write(0x20, 1, 0x20);
    CHECK_FALSE(pic.held_back());
    CHECK(pic.interrupt_pending());
}

TEST_CASE("pic: a slave's request is held back by its own service unless the master masks the slave") {
    PicBench b;
    b.pic.line(8).raise();
    CHECK(b.pic.acknowledge() == 0x38);
    b.outb(0x20, 0x20); // the master's EOI alone
    b.pic.line(14).raise();
    CHECK_FALSE(b.pic.interrupt_pending());
    CHECK(b.pic.held_back());
    b.outb(0x21, 0x04);
    CHECK_FALSE(b.pic.held_back());
    b.outb(0x21, 0x00);
    b.outb(0xA0, 0x20);
    CHECK_FALSE(b.pic.held_back());
    CHECK(b.pic.acknowledge() == 0x3E);
}

TEST_CASE("pic: a slave interrupt goes through input 2 and needs two EOIs") {
    PicBench b;
    b.pic.line(14).raise();
    CHECK(b.pic.acknowledge() == 0x3E);
    CHECK(b.pic.chip(0).isr() == 0x04);
    CHECK(b.pic.chip(1).isr() == 0x40);
    b.pic.line(12).raise();     // higher than 14
    CHECK_FALSE(b.irq.level()); // but input 2 of the master is in service
    b.outb(0xA0, 0x66);         // specific EOI 14
    b.outb(0x20, 0x62);
    CHECK(b.irq.level());
    CHECK(b.pic.acknowledge() == 0x3C);
}

TEST_CASE("pic: special fully nested mode lets a higher slave input interrupt a lower one") {
    PicBench b;
    b.initialise(0x11);
    b.pic.line(14).raise();
    b.pic.acknowledge();
    b.pic.line(12).raise();
    CHECK(b.irq.level());
    CHECK(b.pic.acknowledge() == 0x3C);
}

TEST_CASE("pic: an edge on a masked input survives until it is unmasked") {
    PicBench b;
    b.outb(0x21, 0x10);
    b.pic.line(4).pulse();
    CHECK_FALSE(b.irq.level());
    CHECK(b.inb(0x21) == 0x10);
    b.outb(0x21, 0x00);
    CHECK(b.pic.acknowledge() == 0x34);
}

TEST_CASE("pic: a withdrawn level request gives a spurious vector 7 with no ISR bit") {
    PicBench b;
    b.outb(0x4D0, 0x20);
    b.pic.line(5).raise();
    b.pic.line(5).lower();
    CHECK(b.pic.acknowledge() == 0x37);
    CHECK(b.pic.chip(0).isr() == 0);
}

TEST_CASE("pic: special mask mode lets all unmasked inputs through") {
    PicBench b;
    b.pic.line(1).raise();
    b.pic.acknowledge();
    b.outb(0x20, 0x68); // ESMM and SMM
    b.outb(0x21, 0x02); // mask the one in service
    b.pic.line(6).raise();
    CHECK(b.irq.level());
    b.pic.acknowledge();
    b.outb(0x20, 0x20); // non-specific EOI ends 6, not the masked 1
    CHECK(b.pic.chip(0).isr() == 0x02);
    b.outb(0x20, 0x48);
    b.pic.line(7).raise();
    CHECK_FALSE(b.irq.level());
}

TEST_CASE("pic: rotation makes the served input the lowest") {
    PicBench b;
    b.pic.line(2).raise(); // the cascade: no device
    b.pic.line(3).raise();
    CHECK(b.pic.acknowledge() == 0x33);
    b.outb(0x20, 0xA0); // rotate on non-specific EOI
    b.pic.line(3).lower();
    b.pic.line(3).raise();
    b.pic.line(7).raise();
    CHECK(b.pic.acknowledge() == 0x37);
    b.outb(0x20, 0x67);
    b.outb(0x20, 0xC6); // set priority: 6 lowest
    b.pic.line(7).lower();
    b.pic.line(7).raise();
    CHECK(b.pic.acknowledge() == 0x37);
}

TEST_CASE("pic: automatic EOI leaves nothing in service") {
    PicBench b;
    b.initialise(0x03);
    b.pic.line(0).raise();
    CHECK(b.pic.acknowledge() == 0x30);
    CHECK(b.pic.chip(0).isr() == 0);
}

TEST_CASE("pic: poll mode acknowledges") {
    PicBench b;
    b.pic.line(6).raise();
    b.outb(0x20, 0x0C);
    CHECK(b.inb(0x20) == 0x86);
    CHECK_FALSE(b.irq.level());
    b.outb(0x20, 0x20);
    b.outb(0x20, 0x0C);
    CHECK(b.inb(0x20) == 0x00);
}

TEST_CASE("pic: ICW1 forgets masks, requests and services") {
    PicBench b;
    b.outb(0x21, 0xFF);
    b.pic.line(3).pulse();
    b.outb(0x20, 0x11);
    CHECK(b.pic.chip(0).irr() == 0);
    CHECK(b.pic.chip(0).imr() == 0);
}

TEST_CASE("pic: ticks are waiting, taken or masked") {
    PicBench b;
    CHECK(b.pic.line(0).last_tick() == TickLine::Tick::taken);
    b.pic.line(0).pulse();
    CHECK(b.pic.line(0).last_tick() == TickLine::Tick::waiting);
    b.pic.acknowledge();
    CHECK(b.pic.line(0).last_tick() == TickLine::Tick::taken);
    b.outb(0x21, 0x01);
    CHECK(b.pic.line(0).last_tick() == TickLine::Tick::masked);
}

TEST_CASE("pic: state survives save and load") {
    PicBench b;
    b.outb(0xA1, 0x21);
    b.outb(0x4D1, 0x0C);
    b.pic.line(10).raise();
    b.pic.line(1).raise();
    b.pic.acknowledge();
    PicBench other;
    REQUIRE(survives_save_and_load(b.pic, other.pic));
    CHECK(other.inb(0x4D1) == 0x0C);
    other.outb(0x20, 0x20);
    CHECK(other.pic.acknowledge() == 0x3A);
}
