// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/devices/bench.hpp"
#include "vmm/devices/pit8254.hpp"

#include <catch2/catch.hpp>

using namespace ntferry;
using namespace ntferry::vmm;
using namespace ntferry::vmm::test;

namespace {

/// IRQ0 whose ticks the test takes or leaves.
struct TickProbe final : TickLine {
    void set(bool level) override { line.set(level); }
    Tick last_tick() const override { return state; }
    ProbeLine line;
    Tick state = Tick::taken;
};

struct PitBench : Bench {
    TickProbe tick;
    Pit8254 pit{ports, clock, tick};

    void program(unsigned counter, unsigned mode, std::uint16_t count) {
        outb(0x43, static_cast<std::uint8_t>(counter << 6U | 0x30U | mode << 1U));
        outb(static_cast<std::uint16_t>(0x40 + counter), static_cast<std::uint8_t>(count));
        outb(static_cast<std::uint16_t>(0x40 + counter), static_cast<std::uint8_t>(count >> 8U));
    }
    std::uint16_t read(unsigned counter) {
        const auto port = static_cast<std::uint16_t>(0x40 + counter);
        const std::uint8_t low = inb(port);
        return static_cast<std::uint16_t>(inb(port) << 8U | low);
    }
    void step_ticks(std::uint64_t count) {
        target += count;
        step(ticks_to_ns(target, Pit8254::hertz) + 1 - clock.now());
    }
    std::uint64_t target = 0;
};

} // namespace

TEST_CASE("pit: a latched count stays until it is read") {
    PitBench b;
    b.program(0, 2, 1000);
    b.step_ticks(101);
    b.outb(0x43, 0x00);
    b.step_ticks(50);
    CHECK(b.read(0) == 900);
    CHECK(b.read(0) == 850);
}

TEST_CASE("pit: a second latch before the read is ignored") {
    PitBench b;
    b.program(0, 2, 1000);
    b.step_ticks(101);
    b.outb(0x43, 0x00);
    b.step_ticks(10);
    b.outb(0x43, 0x00);
    CHECK(b.read(0) == 900);
}

TEST_CASE("pit: low-byte and high-byte access") {
    PitBench b;
    b.outb(0x43, 0x54); // counter 1, low byte, mode 2
    b.outb(0x41, 18);
    b.step_ticks(1);
    CHECK(b.inb(0x41) == 18);
    b.outb(0x43, 0x64); // counter 1, high byte
    b.outb(0x41, 0x12);
    b.step_ticks(1);
    CHECK(b.inb(0x41) == 0x12);
    b.step_ticks(1);
    CHECK(b.inb(0x41) == 0x11);
}

TEST_CASE("pit: mode 0 interrupts once on terminal count and goes on counting") {
    PitBench b;
    b.program(0, 0, 10);
    b.step_ticks(10);
    CHECK_FALSE(b.tick.line.level());
    b.step_ticks(1);
    CHECK(b.tick.line.take_rises() == 1);
    CHECK(b.read(0) == 0);
    b.step_ticks(1);
    CHECK(b.read(0) == 0xFFFF);
    b.step_ticks(200000);
    CHECK(b.tick.line.take_rises() == 0);
}

TEST_CASE("pit: mode 2 ticks at exactly the programmed rate") {
    PitBench b;
    b.program(0, 2, 11932); // NT's 10 ms
    b.step(20 * nanoseconds_per_second);
    CHECK(b.tick.line.take_rises() == 20 * Pit8254::hertz / 11932);
}

TEST_CASE("pit: mode 3 halves odd and even counts as the data sheet says") {
    PitBench b;
    b.program(2, 3, 5);
    b.outb(0x61, 0x01);
    b.step_ticks(1);
    std::string wave;
    for (int i = 0; i < 10; ++i) {
        wave += (b.inb(0x61) & 0x20) != 0 ? '1' : '0';
        b.step_ticks(1);
    }
    CHECK(wave == "1110011100");
}

TEST_CASE("pit: counter 2 runs only while its gate is up") {
    PitBench b;
    b.program(2, 0, 1000);
    b.step_ticks(5000);
    CHECK((b.inb(0x61) & 0x20) == 0);
    b.outb(0x61, 0x01);
    b.step_ticks(1003);
    CHECK((b.inb(0x61) & 0x20) != 0);
}

TEST_CASE("pit: modes 1 and 5 wait for the gate") {
    PitBench b;
    b.program(2, 1, 100);
    CHECK((b.inb(0x61) & 0x20) != 0);
    b.step_ticks(500);
    b.outb(0x61, 0x01);
    b.step_ticks(50);
    CHECK((b.inb(0x61) & 0x20) == 0);
    b.step_ticks(60);
    CHECK((b.inb(0x61) & 0x20) != 0);
    b.outb(0x61, 0x00);
    b.program(2, 5, 100);
    b.outb(0x61, 0x01);
    b.step_ticks(101);
    CHECK((b.inb(0x61) & 0x20) == 0);
    b.step_ticks(1);
    CHECK((b.inb(0x61) & 0x20) != 0);
}

TEST_CASE("pit: mode 4 strobes low for one clock") {
    PitBench b;
    b.outb(0x61, 0x01);
    b.program(2, 4, 20);
    b.step_ticks(20);
    CHECK((b.inb(0x61) & 0x20) != 0);
    b.step_ticks(1);
    CHECK((b.inb(0x61) & 0x20) == 0);
    b.step_ticks(1);
    CHECK((b.inb(0x61) & 0x20) != 0);
}

TEST_CASE("pit: BCD counts down in decimal") {
    PitBench b;
    b.outb(0x43, 0x35); // counter 0, both bytes, mode 2, BCD
    b.outb(0x40, 0x00);
    b.outb(0x40, 0x10); // 1000
    b.step_ticks(2);
    CHECK(b.read(0) == 0x0999);
}

TEST_CASE("pit: read-back latches status and counts of several counters") {
    PitBench b;
    b.program(0, 2, 1000);
    b.program(2, 3, 2000);
    b.step_ticks(101);
    b.outb(0x43, 0xC2 | 0x08);  // count and status of counters 0 and 2
    CHECK(b.inb(0x40) == 0xB4); // OUT, loaded, both bytes, mode 2
    CHECK(b.read(0) == 900);
    CHECK((b.inb(0x42) & 0x3F) == 0x36);
    b.outb(0x43, 0x30);         // mode 0, no count yet
    b.outb(0x43, 0xE2);         // status only
    CHECK(b.inb(0x40) == 0x70); // OUT low, null count
}

TEST_CASE("pit: a new count in mode 2 waits for the end of the cycle") {
    PitBench b;
    b.program(0, 2, 1000);
    b.step_ticks(501);
    b.outb(0x40, 100);
    b.outb(0x40, 0);
    CHECK(b.read(0) == 500);
    CHECK(b.tick.line.take_rises() == 0);
    b.step_ticks(500);
    CHECK(b.tick.line.take_rises() == 1);
    b.step_ticks(100);
    CHECK(b.tick.line.take_rises() == 1);
}

TEST_CASE("pit: missed ticks are sent later, at most twice as fast") {
    PitBench b;
    b.program(0, 2, 11932);
    b.step_ms(11);
    CHECK(b.tick.line.take_rises() == 1);
    b.tick.state = TickLine::Tick::waiting;
    b.step_ms(50);
    CHECK(b.tick.line.take_rises() == 0);
    CHECK(b.pit.owed_ticks() == 5);
    b.tick.state = TickLine::Tick::taken;
    b.step_ms(20);
    CHECK(b.tick.line.take_rises() == 4);
    b.step_ms(200);
    CHECK(b.tick.line.take_rises() == 20 + 3);
    CHECK(b.pit.owed_ticks() == 0);
}

TEST_CASE("pit: owed ticks are bounded and forgotten while masked") {
    PitBench b;
    b.program(0, 2, 11932);
    b.tick.state = TickLine::Tick::waiting;
    b.step(10 * nanoseconds_per_second);
    CHECK(b.pit.owed_ticks() == 99);
    b.tick.state = TickLine::Tick::masked;
    b.step_ms(10);
    CHECK(b.pit.owed_ticks() == 0);
}

TEST_CASE("pit: the refresh bit of port 61h toggles") {
    PitBench b;
    const std::uint8_t before = b.inb(0x61) & 0x10;
    b.step(15'085);
    CHECK((b.inb(0x61) & 0x10) != before);
    b.outb(0x61, 0xFF);
    CHECK((b.inb(0x61) & 0x0F) == 0x0F);
}

TEST_CASE("pit: reset stops every counter") {
    PitBench b;
    b.program(0, 2, 1000);
    b.pit.reset();
    b.step_ms(100);
    CHECK(b.tick.line.take_rises() == 0);
    CHECK((b.inb(0x61) & 0x0F) == 0);
}

TEST_CASE("pit: state survives save and load") {
    PitBench b;
    b.program(0, 2, 1000);
    b.program(2, 3, 777);
    b.outb(0x61, 0x03);
    b.step_ticks(333);
    b.outb(0x43, 0x80);
    b.inb(0x42);
    PitBench other;
    other.step(b.clock.now());
    REQUIRE(survives_save_and_load(b.pit, other.pit));
    CHECK(other.inb(0x42) == b.inb(0x42));
    CHECK(other.read(0) == b.read(0));
    other.step_ticks(333 + 1000);
    CHECK(other.tick.line.take_rises() == 1);
}
