// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/devices/bench.hpp"
#include "vmm/devices/i8042.hpp"

#include <catch2/catch.hpp>

#include <vector>

using namespace ntferry;
using namespace ntferry::vmm;
using namespace ntferry::vmm::test;

namespace {

struct KeyboardBench : Bench {
    ProbeLine mouse_irq;
    unsigned resets = 0;
    bool a20 = true;
    I8042 i8042{
        ports, {irq, mouse_irq, [this] { ++resets; }, [this](bool on) { a20 = on; }, [this] { return a20; }}};

    void command(std::uint8_t value) { outb(0x64, value); }
    std::uint8_t command_read(std::uint8_t value) {
        outb(0x64, value);
        return inb(0x60);
    }
    void mode(std::uint8_t value) {
        command(0x60);
        outb(0x60, value);
    }
    void to_mouse(std::uint8_t value) {
        command(0xD4);
        outb(0x60, value);
    }
    std::vector<unsigned> bytes() {
        std::vector<unsigned> all;
        while ((inb(0x64) & 1) != 0)
            all.push_back(inb(0x60));
        return all;
    }
    using List = std::vector<unsigned>;
};

} // namespace

TEST_CASE("i8042: self test, interface tests, command byte") {
    KeyboardBench b;
    CHECK(b.command_read(0xAA) == 0x55);
    CHECK((b.inb(0x64) & 0x04) != 0);
    CHECK(b.command_read(0xAB) == 0x00);
    CHECK(b.command_read(0xA9) == 0x00);
    b.mode(0x47);
    CHECK(b.command_read(0x20) == 0x47);
    b.command(0xA7);
    CHECK(b.command_read(0x20) == 0x67);
    b.command(0xAD);
    CHECK(b.command_read(0x20) == 0x77);
}

TEST_CASE("i8042: the keyboard answers reset, identify and unknown commands") {
    KeyboardBench b;
    b.mode(0x00);
    b.outb(0x60, 0xFF);
    CHECK(b.bytes() == KeyboardBench::List{0xFA, 0xAA});
    b.outb(0x60, 0xF2);
    CHECK(b.bytes() == KeyboardBench::List{0xFA, 0xAB, 0x83});
    b.outb(0x60, 0xEE);
    CHECK(b.bytes() == KeyboardBench::List{0xEE});
    b.outb(0x60, 0x55);
    CHECK(b.bytes() == KeyboardBench::List{0xFE});
    b.outb(0x60, 0xED);
    b.outb(0x60, 0x07);
    CHECK(b.bytes() == KeyboardBench::List{0xFA, 0xFA});
    CHECK(b.i8042.leds() == 7);
}

TEST_CASE("i8042: keys are translated to set 1, each byte with its own interrupt") {
    KeyboardBench b;
    b.mode(0x41);
    b.irq.take_rises();
    b.i8042.key(0x1E, true);
    b.i8042.key(0x1E, false);
    b.i8042.key(0xE048, true);
    b.i8042.key(0xE048, false);
    CHECK(b.bytes() == KeyboardBench::List{0x1E, 0x9E, 0xE0, 0x48, 0xE0, 0xC8});
    CHECK(b.irq.take_rises() == 6);
    b.i8042.key(0xE11D45, true);
    b.i8042.key(0xE11D45, false);
    CHECK(b.bytes() == KeyboardBench::List{0xE1, 0x1D, 0x45, 0xE1, 0x9D, 0xC5});
}

TEST_CASE("i8042: every set 1 code survives the way through set 2") {
    for (unsigned code = 1; code < 0x59; ++code)
        CHECK(set1_from_set2(set2_from_set1(static_cast<std::uint8_t>(code))) == code);
}

TEST_CASE("i8042: untranslated keys are set 2") {
    KeyboardBench b;
    b.mode(0x01);
    b.i8042.key(0x1E, true);
    b.i8042.key(0x1E, false);
    CHECK(b.bytes() == KeyboardBench::List{0x1C, 0xF0, 0x1C});
    b.i8042.key(0x41, true); // F7
    CHECK(b.bytes() == KeyboardBench::List{0x83});
}

TEST_CASE("i8042: a flood of keys overruns without half a code") {
    KeyboardBench b;
    b.mode(0x00);
    for (int i = 0; i < 100; ++i)
        b.i8042.key(0xE04D, i % 2 == 0);
    CHECK(b.bytes().size() <= 18);
    b.i8042.key(0x10, true);
    CHECK(b.bytes() == KeyboardBench::List{0x15});
}

TEST_CASE("i8042: mouse reset, id and the wheel knock") {
    KeyboardBench b;
    b.mode(0x02);
    b.to_mouse(0xFF);
    CHECK((b.inb(0x64) & 0x21) == 0x21);
    CHECK(b.mouse_irq.level());
    CHECK(b.bytes() == KeyboardBench::List{0xFA, 0xAA, 0x00});
    for (const std::uint8_t rate : Bytes{200, 100, 80}) {
        b.to_mouse(0xF3);
        b.to_mouse(rate);
    }
    b.bytes();
    b.to_mouse(0xF2);
    CHECK(b.bytes() == KeyboardBench::List{0xFA, 0x03});
}

TEST_CASE("i8042: NT's 200, 100, 80, 60 turns the wheel on and a reset turns it off") {
    KeyboardBench b;
    b.mode(0x02);
    for (const std::uint8_t rate : Bytes{200, 100, 80, 60}) {
        b.to_mouse(0xF3);
        b.to_mouse(rate);
    }
    b.bytes();
    b.to_mouse(0xF2);
    CHECK(b.bytes() == KeyboardBench::List{0xFA, 0x03});
    b.to_mouse(0xFF);
    b.bytes();
    b.to_mouse(0xF2);
    CHECK(b.bytes() == KeyboardBench::List{0xFA, 0x00});
    b.to_mouse(0xF4);
    b.bytes();
    b.i8042.mouse(1, 2, 1, 0);
    CHECK(b.bytes() == KeyboardBench::List{0x28, 0x01, 0xFE}); // three bytes again
}

TEST_CASE("i8042: motion is split into packets, buttons and wheel go along") {
    KeyboardBench b;
    b.mode(0x02);
    for (const std::uint8_t rate : Bytes{200, 100, 80}) {
        b.to_mouse(0xF3);
        b.to_mouse(rate);
    }
    b.to_mouse(0xF4);
    b.bytes();
    b.i8042.mouse(300, -10, -1, 5);
    CHECK(b.bytes() == KeyboardBench::List{0x0D, 0xFF, 0x0A, 0xFF, 0x0D, 0x2D, 0x00, 0x00});
    b.i8042.mouse(-1, 0, 0, 0);
    CHECK(b.bytes() == KeyboardBench::List{0x18, 0xFF, 0x00, 0x00});
}

TEST_CASE("i8042: a disabled mouse says nothing, remote mode waits to be asked") {
    KeyboardBench b;
    b.mode(0x02);
    b.i8042.mouse(5, 5, 0, 1);
    CHECK(b.bytes().empty());
    b.to_mouse(0xF4);
    b.to_mouse(0xF0);
    b.bytes();
    b.i8042.mouse(5, 0, 0, 0);
    CHECK(b.bytes().empty());
    b.to_mouse(0xEB);
    CHECK(b.bytes() == KeyboardBench::List{0xFA, 0x08, 0x05, 0x00});
    b.to_mouse(0xE9);
    CHECK(b.bytes() == KeyboardBench::List{0xFA, 0x60, 0x02, 0x64});
}

TEST_CASE("i8042: wrap mode echoes until it is left") {
    KeyboardBench b;
    b.mode(0x02);
    b.to_mouse(0xEE);
    b.bytes();
    b.to_mouse(0xF4);
    CHECK(b.bytes() == KeyboardBench::List{0xF4});
    b.to_mouse(0xEC);
    CHECK(b.bytes() == KeyboardBench::List{0xFA});
}

TEST_CASE("i8042: D2 and D3 put bytes into the output buffer") {
    KeyboardBench b;
    b.mode(0x03);
    b.command(0xD3);
    b.outb(0x60, 0x5A);
    CHECK(b.mouse_irq.level());
    CHECK((b.inb(0x64) & 0x20) != 0);
    CHECK(b.inb(0x60) == 0x5A);
    b.command(0xD2);
    b.outb(0x60, 0xA5);
    CHECK(b.irq.level());
    CHECK(b.inb(0x60) == 0xA5);
}

TEST_CASE("i8042: A20 and reset by the output port and by pulses") {
    KeyboardBench b;
    b.command(0xDD);
    CHECK_FALSE(b.a20);
    b.command(0xDF);
    CHECK(b.a20);
    b.command(0xD1);
    b.outb(0x60, 0xDD);
    CHECK_FALSE(b.a20);
    CHECK((b.command_read(0xD0) & 0x03) == 0x01);
    CHECK(b.resets == 0);
    b.command(0xFE);
    CHECK(b.resets == 1);
    b.command(0xFF); // no bit low
    CHECK(b.resets == 1);
    b.command(0xD1);
    b.outb(0x60, 0xDE);
    CHECK(b.resets == 2);
}

TEST_CASE("i8042: state survives save and load") {
    KeyboardBench b;
    b.mode(0x43);
    b.to_mouse(0xF4);
    b.i8042.key(0x1E, true);
    b.i8042.mouse(3, 4, 0, 1);
    b.command(0xD4);
    KeyboardBench other;
    REQUIRE(survives_save_and_load(b.i8042, other.i8042));
    CHECK(other.bytes() == b.bytes());
}
