// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/devices/bench.hpp"
#include "vmm/devices/rtc_mc146818.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <random>

using namespace ntferry;
using namespace ntferry::vmm;
using namespace ntferry::vmm::test;

namespace {

struct TickProbe final : TickLine {
    void set(bool level) override { line.set(level); }
    Tick last_tick() const override { return Tick::taken; }
    ProbeLine line;
};

/// 1999-12-31 23:59:58, a Friday.
constexpr std::int64_t END_OF_1999 = 946684798;

struct RtcBench : Bench {
    explicit RtcBench(std::int64_t start = END_OF_1999) : rtc(ports, clock, tick, start) {}
    TickProbe tick;
    RtcMc146818 rtc;

    std::uint8_t read(std::uint8_t index) {
        outb(0x70, index);
        return inb(0x71);
    }
    void write(std::uint8_t index, std::uint8_t value) {
        outb(0x70, index);
        outb(0x71, value);
    }
    void seconds(int count) { step(count * nanoseconds_per_second); }
    std::array<std::uint8_t, 3> time() { return {read(4), read(2), read(0)}; }
    using Time = std::array<std::uint8_t, 3>;
};

/// A busy host's clock: it moves on while deadlines wait to be served.
class LateClock final : public Clock {
  public:
    Nanoseconds now() const override { return now_; }
    void pass(Nanoseconds by) { now_ += by; }

  private:
    Nanoseconds now_ = 0;
};

} // namespace

TEST_CASE("rtc: shows the time in BCD and rolls the century over") {
    RtcBench b;
    CHECK(b.time() == RtcBench::Time{0x23, 0x59, 0x58});
    CHECK(b.read(6) == 6); // Friday
    CHECK(b.read(9) == 0x99);
    CHECK(b.read(0x32) == 0x19);
    b.seconds(2);
    CHECK(b.time() == RtcBench::Time{0, 0, 0});
    CHECK(b.read(7) == 0x01);
    CHECK(b.read(8) == 0x01);
    CHECK(b.read(9) == 0x00);
    CHECK(b.read(0x32) == 0x20);
}

TEST_CASE("rtc: binary mode") {
    RtcBench b;
    b.write(0x0B, 0x06);
    b.rtc.set_time(END_OF_1999);
    CHECK(b.time() == RtcBench::Time{23, 59, 58});
    CHECK(b.read(9) == 99);
}

TEST_CASE("rtc: twelve-hour mode counts 11 PM to 12 AM to 1 AM") {
    RtcBench b;
    for (const bool binary : {false, true}) {
        b.write(0x0B, binary ? 0x84 : 0x80);
        b.write(4, static_cast<std::uint8_t>((binary ? 11 : 0x11) | 0x80));
        b.write(2, binary ? 59 : 0x59);
        b.write(0, binary ? 59 : 0x59);
        b.write(0x0B, binary ? 0x04 : 0x00);
        b.seconds(1);
        CHECK(b.read(4) == (binary ? 12 : 0x12)); // midnight is 12 AM
        b.seconds(3600);
        CHECK(b.read(4) == 1);
        b.seconds(11 * 3600);
        CHECK(b.read(4) == ((binary ? 12 : 0x12) | 0x80)); // noon is 12 PM
    }
}

TEST_CASE("rtc: years of the last and of this century") {
    RtcBench b;
    for (const std::uint8_t century : {std::uint8_t{0x19}, std::uint8_t{0x20}}) {
        b.write(0x0B, 0x82);
        b.write(0x32, century);
        b.write(9, 0x80);
        b.write(8, 0x02);
        b.write(7, 0x28);
        b.write(4, 0x23);
        b.write(2, 0x59);
        b.write(0, 0x59);
        b.write(0x0B, 0x02);
        b.seconds(1);
        CHECK(b.read(7) == 0x29); // both are leap years
        CHECK(b.read(0x32) == century);
    }
}

TEST_CASE("rtc: SET freezes the clock and clears UIE") {
    RtcBench b;
    b.write(0x0B, 0x92);
    CHECK(b.read(0x0B) == 0x82);
    b.seconds(5);
    CHECK(b.read(0) == 0x58);
    b.write(0x0B, 0x02);
    b.seconds(1);
    CHECK(b.read(0) == 0x59);
}

TEST_CASE("rtc: UIP is up for 244 us before each update") {
    RtcBench b;
    CHECK((b.read(0x0A) & 0x80) == 0);
    b.step(nanoseconds_per_second - 244'000);
    CHECK((b.read(0x0A) & 0x80) != 0);
    b.step(244'000);
    CHECK((b.read(0x0A) & 0x80) == 0);
    CHECK(b.read(0) == 0x59);
    b.write(0x0B, 0x82);
    b.step(nanoseconds_per_second - 1000);
    CHECK((b.read(0x0A) & 0x80) == 0); // never while SET
}

TEST_CASE("rtc: after a divider reset the first update comes in 500 ms") {
    RtcBench b;
    b.write(0x0A, 0x76);
    b.seconds(3);
    CHECK(b.read(0) == 0x58);
    b.write(0x0A, 0x26);
    b.step_ms(499);
    CHECK(b.read(0) == 0x58);
    b.step_ms(1);
    CHECK(b.read(0) == 0x59);
}

TEST_CASE("rtc: the update interrupt and register C") {
    RtcBench b;
    b.write(0x0B, 0x12);
    b.seconds(1);
    CHECK(b.tick.line.level());
    CHECK((b.read(0x0C) & 0xB0) == 0x90);
    CHECK_FALSE(b.tick.line.level());
    CHECK((b.read(0x0C) & 0x90) == 0);
}

TEST_CASE("rtc: the alarm matches time and don't-care values") {
    RtcBench b;
    b.write(1, 0x05);
    b.write(3, 0xC0);
    b.write(5, 0xFF);
    b.write(0x0B, 0x22);
    b.seconds(6);
    CHECK_FALSE(b.tick.line.level());
    b.seconds(1);
    CHECK(b.tick.line.level());
    CHECK((b.read(0x0C) & 0xA0) == 0xA0);
    b.seconds(60);
    CHECK(b.tick.line.level()); // every minute
}

TEST_CASE("rtc: periodic interrupts at the programmed rate, without drift") {
    RtcBench b;
    b.write(0x0A, 0x26); // 1024 Hz
    b.write(0x0B, 0x42);
    unsigned count = 0;
    for (int i = 0; i < 40000; ++i) {
        b.step_us(500);
        if (b.tick.line.take_rises() != 0) {
            ++count;
            b.read(0x0C);
        }
    }
    CHECK(count == 20480);
}

TEST_CASE("rtc: no periodic interrupt is lost where deadlines and the guest's handler are late") {
    LateClock clock;
    PortBus ports;
    TickProbe tick;
    RtcMc146818 rtc(ports, clock, tick, END_OF_1999);
    const auto write = [&](std::uint8_t index, std::uint8_t value) {
        ports.write(0x70, 1, index);
        ports.write(0x71, 1, value);
    };
    std::mt19937 random(1024);
    const auto wait = [&](int most_us) {
        clock.pass(std::uniform_int_distribution<int>(0, most_us)(random) * 1000);
    };
    write(0x0A, 0x26); // 1024 Hz: 976 us
    write(0x0B, 0x42);
    std::int64_t count = 0;
    while (clock.now() < 20 * nanoseconds_per_second) {
        wait(400); // HLT
        clock.run_expired();
        if (!tick.line.level())
            continue;
        ++count;
        wait(count % 16 == 0 ? 1500 : 100); // until the handler reads register C, deadlines wait
        ports.write(0x70, 1, 0x0C);
        ports.read(0x71, 1);
        tick.line.take_rises();
    }
    const auto due = static_cast<std::int64_t>(clock.now() * 1024 / nanoseconds_per_second);
    CHECK(count <= due);
    CHECK(count >= due - 2); // what is due this moment
}

TEST_CASE("rtc: alternating 8 Hz and 2 Hz") {
    RtcBench b;
    b.write(0x0B, 0x42);
    for (int round = 0; round < 50; ++round) {
        const bool fast = round % 2 == 0;
        b.write(0x0A, fast ? 0x2D : 0x2F);
        b.read(0x0C);
        b.tick.line.take_rises();
        unsigned count = 0;
        for (int i = 0; i < 1000; ++i) {
            b.step_ms(1);
            count += b.tick.line.take_rises();
            b.read(0x0C);
        }
        CHECK(count == (fast ? 8 : 2));
    }
}

TEST_CASE("rtc: PF is set without PIE and without an interrupt") {
    RtcBench b;
    b.read(0x0C);
    b.step_ms(1);
    CHECK((b.read(0x0C) & 0xC0) == 0x40);
    CHECK((b.read(0x0C) & 0x40) == 0);
    CHECK_FALSE(b.tick.line.level());
}

TEST_CASE("rtc: periods that pass unread are sent later, at most twice as fast") {
    RtcBench b;
    b.write(0x0A, 0x2C); // 16 Hz
    b.write(0x0B, 0x42);
    b.step_ms(500); // eight periods, none read
    CHECK(b.tick.line.take_rises() == 1);
    unsigned count = 1;
    for (int i = 0; i < 500; ++i) {
        b.read(0x0C);
        b.step_ms(1);
        count += b.tick.line.take_rises();
    }
    CHECK(count == 16); // as many as have come due
    for (int i = 0; i < 1000; ++i) {
        b.read(0x0C);
        b.step_ms(1);
    }
    CHECK(b.tick.line.take_rises() <= 17);
}

TEST_CASE("rtc: registers C and D are read-only, D says that the battery is good") {
    RtcBench b;
    b.write(0x0D, 0x00);
    CHECK(b.read(0x0D) == 0x80);
    b.write(0x0A, 0xA6); // UIP is read-only
    CHECK((b.read(0x0A) & 0x80) == 0);
}

TEST_CASE("rtc: reset keeps time and memory, clears enables") {
    RtcBench b;
    b.write(0x40, 0xA5);
    b.write(0x0B, 0x72);
    b.rtc.reset();
    CHECK(b.read(0x0B) == 0x02);
    CHECK(b.read(0x40) == 0xA5);
    CHECK(b.read(0) == 0x58);
}

TEST_CASE("rtc: nonsense in the registers never breaks it") {
    RtcBench b;
    b.write(0x0B, 0x82);
    for (const std::uint8_t index : Bytes{0, 2, 4, 6, 7, 8, 9, 0x32})
        b.write(index, 0xFF);
    b.write(0x0B, 0x02);
    b.seconds(100'000);
    CHECK((b.read(2) & 0x0F) <= 9);
}

TEST_CASE("rtc: an edge found while the rate is written raises the line at once") {
    RtcBench saved;
    saved.write(0x0A, 0x26);
    saved.write(0x0B, 0x42);
    // A host that is late: edges have passed, and the guest is at the register before the timer is.
    RtcBench late(0);
    late.step_ms(5);
    load_state(late.rtc, saved_state(saved.rtc));
    REQUIRE_FALSE(late.tick.line.level());
    late.write(0x0A, 0x27);
    CHECK(late.tick.line.level());
    CHECK((late.read(0x0C) & 0xC0U) == 0xC0U);
}

TEST_CASE("rtc: a tick that was served is not served again after loading, at any moment and rate") {
    for (const std::uint8_t rate : Bytes{3, 5, 6, 10, 15}) {
        RtcBench b;
        b.write(0x0A, static_cast<std::uint8_t>(0x20U | rate));
        b.write(0x0B, 0x42);
        RtcBench other(0);
        const Nanoseconds start = b.clock.now();
        for (std::uint64_t edge = 1; edge < 40; ++edge) {
            // To the nanosecond at which an edge is due (rounded down), then into the middle between two.
            const std::uint64_t ticks = edge * 32 + (edge % 2 == 1 ? 0 : 3);
            const Nanoseconds by = start + ticks_to_ns(ticks, 32768) - b.clock.now();
            b.step(by);
            other.step(by);
            if (edge == 20)
                b.write(0x0A, 0x20); // rate 0: no periodic interrupt
            if (edge == 30)
                b.write(0x0A, static_cast<std::uint8_t>(0x20U | rate));
            if (edge % 3 == 0)
                b.read(0x0C);
            CAPTURE(rate, edge);
            REQUIRE(survives_save_and_load(b.rtc, other.rtc));
        }
    }
}

TEST_CASE("rtc: state survives save and load") {
    RtcBench b;
    b.write(0x0B, 0x42);
    b.write(0x0A, 0x2A);
    b.write(0x55, 0x77);
    b.step_ms(1700);
    RtcBench other(0);
    other.step_ms(1700);
    REQUIRE(survives_save_and_load(b.rtc, other.rtc));
    CHECK(other.read(0) == 0x59);
    CHECK(other.read(0x55) == 0x77);
    other.read(0x0C);
    other.tick.line.take_rises();
    other.step_ms(20);
    CHECK(other.tick.line.take_rises() == 1);
}
