// What accesses to the window do to the four planes. SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/devices/vga_bench.hpp"

#include <catch2/catch.hpp>

using namespace ntferry;
using namespace ntferry::vmm;
using namespace ntferry::vmm::test;
using namespace ntferry::vmm::test::vga_bench;

TEST_CASE("vga planes: write mode 0 with map mask, rotate, set/reset, bit mask and each logical operation") {
    Screen t;
    set_mode(t, mode_12);
    t.seq(2, 0x05);
    t.poke(0xA0010, 0xC3);
    CHECK(t.plane(0, 0x10) == 0xC3);
    CHECK(t.plane(1, 0x10) == 0x00);
    CHECK(t.plane(2, 0x10) == 0xC3);
    CHECK(t.plane(3, 0x10) == 0x00);

    t.seq(2, 0x0F);
    t.gfx(3, 3); // rotate right by 3
    t.poke(0xA0011, 0x0F);
    CHECK(t.plane(3, 0x11) == 0xE1);
    t.gfx(3, 0);

    t.gfx(1, 0x03); // planes 0 and 1 from set/reset
    t.gfx(0, 0x02);
    t.poke(0xA0012, 0x99);
    CHECK(t.plane(0, 0x12) == 0x00);
    CHECK(t.plane(1, 0x12) == 0xFF);
    CHECK(t.plane(2, 0x12) == 0x99);
    t.gfx(1, 0);

    for (unsigned operation = 0; operation < 4; ++operation) {
        t.gfx(3, 0);
        t.gfx(8, 0xFF);
        t.poke(0xA0013, 0xF0);
        t.peek(0xA0013); // latches
        t.gfx(3, operation << 3U);
        t.gfx(8, 0x3C);
        t.poke(0xA0013, 0x55);
        const unsigned result[] = {0x55, 0x55 & 0xF0, 0x55 | 0xF0, 0x55 ^ 0xF0};
        CHECK(t.plane(2, 0x13) == ((result[operation] & 0x3CU) | (0xF0U & ~0x3CU)));
    }
}

TEST_CASE("vga planes: write modes 1, 2 and 3") {
    Screen t;
    set_mode(t, mode_12);
    for (unsigned plane = 0; plane < 4; ++plane) {
        t.seq(2, 1U << plane);
        t.poke(0xA0020, static_cast<std::uint8_t>(0x11 * (plane + 1)));
    }
    t.seq(2, 0x0F);
    t.peek(0xA0020);
    t.gfx(5, 1); // mode 1 copies latches whatever is written
    t.poke(0xA0021, 0x00);
    t.gfx(5, 0);
    for (unsigned plane = 0; plane < 4; ++plane)
        CHECK(t.plane(plane, 0x21) == 0x11 * (plane + 1));

    t.gfx(5, 2); // mode 2: bits 3-0 are the colour of the pixels in the bit mask
    t.gfx(8, 0x0F);
    t.peek(0xA0020);
    t.poke(0xA0020, 0x0A);
    t.gfx(5, 0);
    CHECK(t.plane(0, 0x20) == 0x10);
    CHECK(t.plane(1, 0x20) == 0x2F);
    CHECK(t.plane(2, 0x20) == 0x30);
    CHECK(t.plane(3, 0x20) == 0x4F);

    t.gfx(8, 0xF0);
    t.gfx(0, 0x05);
    t.gfx(3, 4);
    t.gfx(5, 3); // mode 3: rotated data and bit mask choose pixels of the set/reset colour
    t.peek(0xA0021);
    t.poke(0xA0021, 0x3C);
    t.gfx(5, 0);
    CHECK(t.plane(0, 0x21) == 0xD1); // 3Ch rotated is C3h, masked C0h
    CHECK(t.plane(1, 0x21) == 0x22);
    CHECK(t.plane(2, 0x21) == 0xF3);
    CHECK(t.plane(3, 0x21) == 0x04);
}

TEST_CASE("vga planes: read mode 1 compares the planes that matter") {
    Screen t;
    set_mode(t, mode_12);
    t.seq(2, 0x01);
    t.poke(0xA0000, 0xF0);
    t.seq(2, 0x04);
    t.poke(0xA0000, 0xCC);
    t.gfx(5, 0x08);
    t.gfx(7, 0x0F);
    t.gfx(2, 0x05); // colour 5: planes 0 and 2
    CHECK(t.peek(0xA0000) == 0xC0);
    t.gfx(2, 0x01);
    CHECK(t.peek(0xA0000) == 0x30);
    t.gfx(7, 0x01); // only plane 0 matters
    CHECK(t.peek(0xA0000) == 0xF0);
    t.gfx(7, 0x00);
    CHECK(t.peek(0xA0000) == 0xFF);
}

TEST_CASE("vga planes: chain-4 spreads bytes over the planes, odd/even over pairs") {
    Screen t;
    set_mode(t, mode_13);
    t.mmio.write(0xA0004, 4, 0x44332211);
    CHECK(t.mmio.read(0xA0004, 4) == 0x44332211);
    t.seq(4, 0x06);
    for (unsigned plane = 0; plane < 4; ++plane)
        CHECK(t.plane(plane, 4) == 0x11 * (plane + 1));

    set_mode(t, mode_03);
    t.mmio.write(0xB8006, 2, 0x1F41);
    CHECK(t.mmio.read(0xB8006, 2) == 0x1F41);
    t.gfx(5, 0);
    t.gfx(6, 4);
    CHECK(t.plane(0, 6) == 0x41);
    CHECK(t.plane(1, 6) == 0x1F);
}

TEST_CASE("vga planes: the window moves with the memory map, and RAM can be switched off") {
    Screen t;
    set_mode(t, mode_03);
    t.poke(0xA0000, 0x12);
    CHECK(t.peek(0xA0000) == 0xFF);
    CHECK(t.peek(0xB0000) == 0xFF);
    CHECK(t.mmio.read(0xB7FFF, 2) == 0x00FF);
    t.gfx(6, 0x0A); // B0000h
    CHECK(t.peek(0xB8000) == 0xFF);
    CHECK(t.peek(0xB0000) == 0x00);
    t.outb(0x3C2, 0x65);
    CHECK(t.peek(0xB0000) == 0xFF);
}

TEST_CASE("vga planes: collected writes do what single ones do") {
    Screen t;
    set_mode(t, mode_12);
    t.gfx(5, 2);
    const Vga::WindowWrite writes[] = {{0x100, 1, 0x05}, {0x102, 2, 0x0A03}, {0x18000, 1, 0x0F}};
    t.vga.write_window(writes);
    t.gfx(5, 0);
    CHECK(t.plane(0, 0x100) == 0xFF);
    CHECK(t.plane(1, 0x100) == 0x00);
    CHECK(t.plane(1, 0x102) == 0xFF);
    CHECK(t.plane(3, 0x103) == 0xFF);
    CHECK(t.plane(0, 0x8000) == 0x00);
}
