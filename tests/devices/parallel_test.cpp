// The printer port. SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/devices/bench.hpp"
#include "vmm/devices/parallel_port.hpp"

#include <catch2/catch.hpp>

#include <functional>
#include <string>

using namespace ntferry;
using namespace ntferry::vmm;
using namespace ntferry::vmm::test;

namespace {

struct Printer final : CharBackend {
    std::size_t write(ByteView data) override {
        if (full)
            return 0;
        paper.append(data.begin(), data.end());
        return data.size();
    }
    void attach(std::function<std::size_t(ByteView)>, std::function<void()> room) override {
        ready = std::move(room);
    }
    std::string paper;
    bool full = false;
    std::function<void()> ready;
};

struct Lpt : Bench {
    Lpt() : port(ports, 0x378, "lpt1", clock, irq, &printer) { outb(0x37A, 0x0C); }
    Printer printer;
    ParallelPort port;
    void print(char c) {
        outb(0x378, static_cast<std::uint8_t>(c));
        outb(0x37A, static_cast<std::uint8_t>(inb(0x37A) | 0x01));
        outb(0x37A, static_cast<std::uint8_t>(inb(0x37A) & 0xFE));
    }
};

} // namespace

TEST_CASE("parallel: registers as BIOS and NT probe for them") {
    Lpt t;
    t.outb(0x378, 0xAA);
    CHECK(t.inb(0x378) == 0xAA);
    t.outb(0x378, 0x55);
    CHECK(t.inb(0x378) == 0x55);
    CHECK(t.inb(0x379) == 0xDF); // not busy, selected, no error
    CHECK(t.inb(0x37A) == 0xCC);
    t.outb(0x37A, 0x2C); // input: nobody drives the lines
    CHECK(t.inb(0x378) == 0xFF);
}

TEST_CASE("parallel: a strobe prints, acknowledges and interrupts when asked to") {
    Lpt t;
    t.print('N');
    CHECK((t.inb(0x379) & 0x80) == 0);
    t.step_us(10);
    CHECK((t.inb(0x379) & 0x80) != 0);
    CHECK(t.irq.take_rises() == 0);
    t.outb(0x37A, 0x1C);
    t.print('T');
    t.step_us(10);
    CHECK(t.irq.take_rises() == 1);
    CHECK(t.printer.paper == "NT");
    t.outb(0x37A, 0x08); // INIT#
    t.print('!');
    CHECK(t.printer.paper == "NT");
}

TEST_CASE("parallel: busy lasts until the far end takes the byte") {
    Lpt t;
    t.printer.full = true;
    t.print('x');
    t.step_ms(1);
    t.print('y'); // lost, as on a real printer
    CHECK((t.inb(0x379) & 0x80) == 0);
    t.printer.full = false;
    t.printer.ready();
    t.step_us(10);
    CHECK((t.inb(0x379) & 0x80) != 0);
    CHECK(t.printer.paper == "x");
}

TEST_CASE("parallel: without a printer it is busy and not selected") {
    Bench bench;
    ParallelPort port(bench.ports, 0x278, "lpt2", bench.clock, bench.irq, nullptr);
    CHECK(bench.inb(0x279) == 0x7F);
    bench.outb(0x27A, 0x0D);
    CHECK(bench.inb(0x279) == 0x7F);
}

TEST_CASE("parallel: save, load, reset") {
    Lpt from;
    from.printer.full = true;
    from.print('q');
    Lpt to;
    CHECK(survives_save_and_load(from.port, to.port));
    to.step_ms(20);
    CHECK(to.printer.paper == "q");
    to.port.reset();
    CHECK(to.inb(0x37A) == 0xC0);
}
