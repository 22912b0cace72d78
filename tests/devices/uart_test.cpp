// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/devices/bench.hpp"
#include "vmm/devices/uart16550.hpp"

#include <catch2/catch.hpp>

using namespace ntferry;
using namespace ntferry::vmm;
using namespace ntferry::vmm::test;

namespace {

/// A far end that takes what it has room for.
struct FakeLine final : CharBackend {
    std::size_t write(ByteView data) override {
        const std::size_t count = std::min(room, data.size());
        sent.append(reinterpret_cast<const char*>(data.data()), count);
        room -= count;
        return count;
    }
    void attach(std::function<std::size_t(ByteView)> r, std::function<void()> d) override {
        receive = std::move(r);
        ready = std::move(d);
    }
    void set_line(std::uint32_t b, std::uint8_t d, char p, std::uint8_t s) override {
        settings = std::to_string(b) + " " + std::to_string(d) + p + std::to_string(s);
    }
    void set_break(bool on) override { broken = on; }
    void set_modem_lines(std::uint8_t l) override { out_lines = l; }
    std::uint8_t modem_lines() const override { return in_lines; }
    std::size_t put(const std::string& text) {
        return receive(ByteView(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
    }
    std::size_t room = 1000;
    std::string sent;
    std::string settings;
    bool broken = false;
    std::uint8_t out_lines = 0;
    std::uint8_t in_lines = 0b1011;
    std::function<std::size_t(ByteView)> receive;
    std::function<void()> ready;
};

struct UartBench : Bench {
    FakeLine line;
    Uart16550 uart{"com1", ports, 0x3F8, clock, irq, &line};
};

} // namespace

TEST_CASE("uart: what is written goes out, the transmitter is empty again") {
    UartBench b;
    b.outb(0x3F8, 'N');
    b.outb(0x3F8, 'T');
    CHECK(b.line.sent == "NT");
    CHECK(b.inb(0x3FD) == 0x60);
}

TEST_CASE("uart: the transmitter waits for a far end that takes nothing") {
    UartBench b;
    b.outb(0x3FA, 0x01);
    b.outb(0x3F9, 0x02);
    b.outb(0x3FC, 0x08);
    b.line.room = 0;
    b.outb(0x3F8, 'x');
    CHECK((b.inb(0x3FD) & 0x20) == 0);
    CHECK_FALSE(b.irq.level());
    b.line.room = 10;
    b.line.ready();
    CHECK(b.line.sent == "x");
    CHECK(b.irq.level());
    CHECK(b.inb(0x3FA) == 0xC2);
    CHECK_FALSE(b.irq.level()); // reading IIR ends the transmitter's interrupt
}

TEST_CASE("uart: received characters interrupt at the trigger level, stragglers after four characters") {
    UartBench b;
    b.outb(0x3FA, 0x81); // trigger at 8
    b.outb(0x3F9, 0x01);
    b.outb(0x3FC, 0x08);
    CHECK(b.line.put("1234567") == 7);
    CHECK_FALSE(b.irq.level());
    b.step_ms(5);
    CHECK(b.irq.level());
    CHECK(b.inb(0x3FA) == 0xCC);
    CHECK(b.inb(0x3F8) == '1');
    CHECK_FALSE(b.irq.level());
    b.line.put("89");
    CHECK(b.inb(0x3FA) == 0xC4);
}

TEST_CASE("uart: the receiver takes sixteen characters and no more") {
    UartBench b;
    b.outb(0x3FA, 0x01);
    CHECK(b.line.put("0123456789abcdefghij") == 16);
    CHECK((b.inb(0x3FD) & 0x03) == 0x01); // no overrun: the rest waits outside
    b.outb(0x3FA, 0x03);
    CHECK((b.inb(0x3FD) & 0x01) == 0);
}

TEST_CASE("uart: without FIFOs it is a 16450") {
    UartBench b;
    CHECK(b.line.put("ab") == 1);
    CHECK((b.inb(0x3FA) & 0xC0) == 0);
    CHECK(b.inb(0x3F8) == 'a');
    b.outb(0x3FF, 0x5A);
    CHECK(b.inb(0x3FF) == 0x5A);
}

TEST_CASE("uart: interrupts leave the chip only with OUT2") {
    UartBench b;
    b.outb(0x3F9, 0x02);
    CHECK_FALSE(b.irq.level());
    b.outb(0x3FC, 0x08);
    CHECK(b.irq.level());
}

TEST_CASE("uart: speed, frame, break and modem lines reach the far end") {
    UartBench b;
    b.outb(0x3FB, 0x80);
    b.outb(0x3F8, 12);
    b.outb(0x3F9, 0);
    b.outb(0x3FB, 0x1E); // 7 bits, even, 2 stop
    CHECK(b.line.settings == "9600 7E2");
    b.outb(0x3FB, 0x5E);
    CHECK(b.line.broken);
    b.outb(0x3FC, 0x03);
    CHECK(b.line.out_lines == 3);
}

TEST_CASE("uart: modem inputs and their deltas") {
    UartBench b;
    CHECK(b.inb(0x3FE) == 0xB0);
    b.line.in_lines = 0b0110; // CTS and DCD fall, RI rises
    CHECK(b.inb(0x3FE) == 0x69);
    b.line.in_lines = 0b0010;
    CHECK((b.inb(0x3FE) & 0x0F) == 0x04); // the ring ends
    CHECK((b.inb(0x3FE) & 0x0F) == 0x00);
}

TEST_CASE("uart: loopback sends to itself and turns the modem lines round") {
    UartBench b;
    b.outb(0x3FC, 0x1A); // loop, RTS, OUT2: what an operating system probes with
    CHECK((b.inb(0x3FE) & 0xF0) == 0x90);
    b.outb(0x3F8, 0x42);
    CHECK(b.line.sent.empty());
    CHECK(b.inb(0x3F8) == 0x42);
    b.outb(0x3F8, 1);
    b.outb(0x3F8, 2);
    CHECK((b.inb(0x3FD) & 0x02) != 0); // overrun
    CHECK((b.inb(0x3FD) & 0x02) == 0);
}

TEST_CASE("uart: state survives save and load") {
    UartBench b;
    b.outb(0x3FA, 0xC1);
    b.outb(0x3F9, 0x05);
    b.outb(0x3FC, 0x0B);
    b.outb(0x3FB, 0x83);
    b.outb(0x3F8, 3);
    b.outb(0x3FB, 0x03);
    b.line.put("hello");
    UartBench other;
    REQUIRE(survives_save_and_load(b.uart, other.uart));
    CHECK(other.inb(0x3F8) == 'h');
    CHECK(other.line.settings == "38400 8N1");
}
