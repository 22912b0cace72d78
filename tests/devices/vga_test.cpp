// VGA: registers, timing, text and graphics modes, PCI, saved state. SPDX-License-Identifier:
// GPL-3.0-or-later
#include "tests/devices/vga_bench.hpp"

#include <catch2/catch.hpp>

#include <set>

using namespace ntferry;
using namespace ntferry::vmm;
using namespace ntferry::vmm::test;
using namespace ntferry::vmm::test::vga_bench;

TEST_CASE("vga: every documented register reads back what was written, without bits that do not exist") {
    Screen t;
    t.outb(0x3C2, 0x67);
    CHECK(t.inb(0x3CC) == 0x67);
    t.crtc(0x11, 0x00);
    for (std::uint8_t i = 0; i <= 0x18; ++i) {
        t.crtc(i, 0x15U + i);
        CHECK(t.crtc(i) == 0x15 + i);
    }
    for (unsigned i = 0; i < 9; ++i) {
        t.gfx(i, 0xFF);
        const std::uint8_t mask[] = {0x0F, 0x0F, 0x0F, 0x1F, 0x03, 0x7B, 0x0F, 0x0F, 0xFF};
        CHECK(t.inb(0x3CF) == mask[i]);
    }
    for (unsigned i = 0; i < 5; ++i) {
        t.seq(i, 0xFF);
        const std::uint8_t mask[] = {0x03, 0x3D, 0x0F, 0x3F, 0x0E};
        CHECK(t.inb(0x3C5) == mask[i]);
    }
    t.attribute(0x10, 0x0C);
    t.inb(0x3DA);
    t.outb(0x3C0, 0x30);
    CHECK(t.inb(0x3C1) == 0x0C);
}

TEST_CASE("vga: register 11h bit 7 protects CRTC 0 to 7 except the line compare bit") {
    Screen t;
    t.outb(0x3C2, 0x67);
    t.crtc(0x11, 0x00);
    t.crtc(0x01, 0x4F);
    t.crtc(0x07, 0x0F);
    t.crtc(0x11, 0x80);
    t.crtc(0x01, 0x11);
    t.crtc(0x07, 0xF0);
    CHECK(t.crtc(std::uint8_t{0x01}) == 0x4F);
    CHECK(t.crtc(std::uint8_t{0x07}) == 0x1F);
}

TEST_CASE("vga: the CRTC answers at 3D4h or at 3B4h, never at both") {
    Screen t;
    t.outb(0x3C2, 0x67);
    t.crtc(0x0F, 0x33);
    CHECK(t.inb(0x3B5) == 0xFF);
    t.outb(0x3C2, 0x66);
    CHECK(t.inb(0x3D5) == 0xFF);
    t.outb(0x3B4, 0x0F);
    CHECK(t.inb(0x3B5) == 0x33);
}

TEST_CASE("vga: the attribute flip-flop, and a palette locked while the screen uses it") {
    Screen t;
    t.outb(0x3C2, 0x67);
    t.inb(0x3DA);
    t.outb(0x3C0, 0x05);
    t.outb(0x3C0, 0x2A);
    t.outb(0x3C0, 0x25); // screen on
    t.outb(0x3C0, 0x11);
    CHECK(t.inb(0x3C1) == 0x2A);
    t.outb(0x3C0, 0x05);
    t.inb(0x3DA); // next write is an index again
    t.outb(0x3C0, 0x10);
    t.outb(0x3C0, 0x01);
    t.outb(0x3C0, 0x10);
    CHECK(t.inb(0x3C1) == 0x01);
}

TEST_CASE("vga: the DAC takes triples of six bits, counts up and reads back") {
    Screen t;
    t.outb(0x3C8, 0xFF);
    for (const unsigned value : {0xFFU, 0x20U, 0x01U, 0x0AU, 0x0BU, 0x0CU})
        t.outb(0x3C9, static_cast<std::uint8_t>(value));
    CHECK(t.inb(0x3C8) == 0x01);
    t.outb(0x3C7, 0xFF);
    CHECK(t.inb(0x3C7) == 0x03);
    CHECK(t.inb(0x3C9) == 0x3F);
    CHECK(t.inb(0x3C9) == 0x20);
    CHECK(t.inb(0x3C9) == 0x01);
    CHECK(t.inb(0x3C9) == 0x0A);
    t.outb(0x3C8, 0x10);
    CHECK(t.inb(0x3C7) == 0x00);
}

TEST_CASE("vga: retrace and display enable follow the programmed frame of 70 Hz") {
    Screen t;
    set_mode(t, mode_03);
    unsigned edges = 0;
    bool before = false;
    unsigned blank = 0;
    constexpr unsigned samples = 100'000;
    for (unsigned i = 0; i < samples; ++i) { // one second
        t.step_us(10);
        const std::uint8_t status = t.inb(0x3DA);
        edges += (status & 0x08) != 0 && !before;
        before = (status & 0x08) != 0;
        blank += status & 1U;
    }
    CHECK(edges == 70);
    CHECK(blank > samples / 4); // 28 % of a mode 3 frame is not displayed
    CHECK(blank < samples / 3);
}

TEST_CASE("vga text: 720x400 from the fonts in plane 2, with colours, ninth dot and cursor") {
    Screen t;
    set_mode(t, mode_03);
    t.grey_dac();
    t.load_glyph(0, 'A', 2, 0x81);
    t.load_glyph(0, 0xC4, 7, 0xFF);
    t.load_glyph(0, 'B', 7, 0xFF);
    t.mmio.write(0xB8000, 2, 0x1741);
    t.mmio.write(0xB8002, 2, 0x07C4);
    t.mmio.write(0xB8004, 2, 0x0742);
    t.crtc(0x0F, 81); // row 1, column 1
    REQUIRE(t.vga.render(t.frame).has_value());
    CHECK(t.frame.width == 720);
    CHECK(t.frame.height == 400);
    const std::uint32_t white = grey(7);
    const std::uint32_t blue = grey(1);
    CHECK(t.pixel(0, 2) == white);
    CHECK(t.pixel(1, 2) == blue);
    CHECK(t.pixel(7, 2) == white);
    CHECK(t.pixel(8, 2) == blue);
    CHECK(t.pixel(0, 1) == blue);
    CHECK(t.pixel(17, 7) == white); // line drawing fills the ninth dot
    CHECK(t.pixel(25, 7) == white);
    CHECK(t.pixel(26, 7) == 0);
    CHECK(t.pixel(9, 16 + 12) == 0);
    CHECK(t.pixel(9, 16 + 13) == 0); // attribute 0 draws an invisible cursor
    t.mmio.write(0xB8000 + 81 * 2, 2, 0x0720);
    const auto rows = t.vga.render(t.frame);
    REQUIRE(rows.has_value());
    CHECK(rows->top == 16);
    CHECK(rows->bottom == 32);
    CHECK(t.pixel(9, 16 + 13) == white);
    CHECK(t.pixel(17, 16 + 14) == white);
    CHECK(t.pixel(9, 16 + 15) == 0);
}

TEST_CASE("vga text: 80x50 with eight line characters, as NT's blue screen") {
    Screen t;
    set_mode(t, mode_03);
    t.grey_dac();
    t.crtc(0x11, 0x0E);
    t.crtc(0x09, 0x47);
    t.load_glyph(0, '*', 7, 0xF0);
    t.mmio.write(0xB8000 + 160 * 49, 2, 0x1F2A);
    t.vga.render(t.frame);
    CHECK(t.frame.height == 400);
    CHECK(t.pixel(0, 399) == grey(0x3F));
    CHECK(t.pixel(4, 399) == grey(1));
    const std::optional<TextScreen> screen = t.vga.text();
    REQUIRE(screen.has_value());
    CHECK(screen->columns == 80);
    CHECK(screen->rows == 50);
    CHECK(screen->cells[80 * 49] == 0x1F2A);
}

TEST_CASE("vga text: attribute bit 3 chooses the second font when the two differ") {
    Screen t;
    set_mode(t, mode_03);
    t.grey_dac();
    t.load_glyph(0x0000, 'x', 0, 0x80);
    t.load_glyph(0x2000, 'x', 0, 0x01);
    t.seq(3, 0x20); // A: slot 4 (8 KiB), B: slot 0
    t.mmio.write(0xB8000, 2, 0x0778);
    t.mmio.write(0xB8002, 2, 0x0F78);
    t.vga.render(t.frame);
    CHECK(t.pixel(0, 0) == grey(7));
    CHECK(t.pixel(7, 0) == 0);
    CHECK(t.pixel(9, 0) == 0);
    CHECK(t.pixel(9 + 7, 0) == grey(0x3F));
}

TEST_CASE("vga text: utf-8 of code page 437, cursor position, start address") {
    Screen t;
    set_mode(t, mode_03);
    const std::uint8_t line[] = {'N', 'T', ' ', 0xC9, 0xCD, 0xBB, 0x81, 0x01, 0xFF};
    for (unsigned i = 0; i < sizeof(line); ++i)
        t.mmio.write(0xB8000 + 160 + 2 * i, 2, 0x0700U | line[i]);
    t.crtc(0x0F, 80 + 3);
    std::optional<TextScreen> screen = t.vga.text();
    REQUIRE(screen.has_value());
    CHECK(screen->utf8().substr(0, 19) == "\nNT ╔═╗ü☺\n");
    CHECK(screen->cursor_row == 1);
    CHECK(screen->cursor_column == 3);
    t.crtc(0x0D, 80); // scrolled by one row
    screen = t.vga.text();
    CHECK(screen->utf8().substr(0, 2) == "NT");
    CHECK(screen->cursor_row == 0);
    t.crtc(0x0A, 0x20);
    CHECK(t.vga.text()->cursor_row == -1);
}

TEST_CASE("vga text: smooth scrolling by scan lines and by dots") {
    Screen t;
    set_mode(t, mode_03);
    t.grey_dac();
    t.load_glyph(0, '#', 5, 0x10);
    t.mmio.write(0xB8000, 2, 0x0723);
    t.crtc(0x08, 0x03);
    t.attribute(0x13, 0x01); // two dots in nine dot modes
    t.vga.render(t.frame);
    CHECK(t.pixel(3 - 2, 5 - 3) == grey(7));
    CHECK(t.pixel(3, 5) == 0);
}

TEST_CASE("vga mode 12h: four planes make sixteen colours") {
    Screen t;
    set_mode(t, mode_12);
    t.grey_dac();
    for (unsigned plane = 0; plane < 4; ++plane) {
        t.seq(2, 1U << plane);
        const std::uint8_t bits[] = {0xAA, 0xCC, 0xF0, 0xFF};
        t.poke(0xA0000 + 80 * 479 + 79, bits[plane]);
    }
    t.vga.render(t.frame);
    CHECK(t.frame.width == 640);
    CHECK(t.frame.height == 480);
    for (unsigned x = 0; x < 8; ++x) // colours 15 down to 8, attribute palette 38h + n
        CHECK(t.pixel(632 + x, 479) == grey(0x38U + 7U - x));
    CHECK(t.pixel(631, 479) == 0);
}

TEST_CASE("vga mode 12h: line compare starts again at address 0, panning shifts the upper part only") {
    Screen t;
    set_mode(t, mode_12);
    t.grey_dac();
    t.poke(0xA0000, 0x80);
    t.poke(0xA0000 + 0x4000, 0x40);
    t.crtc(0x0C, 0x40); // start at 4000h
    t.crtc(0x11, 0x0C);
    t.crtc(0x07, 0x2E);
    t.crtc(0x09, 0x00);
    t.crtc(0x18, 99);
    t.attribute(0x10, 0x21);
    t.attribute(0x13, 0x01);
    t.vga.render(t.frame);
    CHECK(t.pixel(0, 0) == grey(0x3F));
    CHECK(t.pixel(1, 0) == 0);
    CHECK(t.pixel(0, 100) == grey(0x3F));
    CHECK(t.pixel(0, 99) == 0);
}

TEST_CASE("vga mode 13h: one byte a pixel, lines shown once; unchained it becomes mode X") {
    Screen t;
    set_mode(t, mode_13);
    t.grey_dac();
    for (unsigned i = 0; i < 320 * 200; ++i)
        t.poke(0xA0000 + i, static_cast<std::uint8_t>(i % 251));
    t.vga.render(t.frame);
    CHECK(t.frame.width == 320);
    CHECK(t.frame.height == 200);
    bool same = true;
    for (unsigned i = 0; i < 320 * 200; ++i)
        same = same && t.frame.pixels[i] == grey(i % 251);
    CHECK(same);

    t.seq(4, 0x06); // mode X: planes by hand, byte addresses
    t.crtc(0x11, 0x0E);
    t.crtc(0x14, 0x00);
    t.crtc(0x17, 0xE3);
    t.seq(2, 0x04);
    t.poke(0xA0000 + 80 * 10 + 5, 0x77);
    t.vga.render(t.frame);
    CHECK(t.pixel(22, 10) == grey(0x77));
}

TEST_CASE("vga mode 4: CGA's interleaved lines and two bit pixels") {
    Screen t;
    set_mode(t, mode_04);
    t.grey_dac();
    t.poke(0xB8000, 0x1B);
    t.poke(0xBA000 + 80 * 99 + 79, 0xE4);
    t.vga.render(t.frame);
    CHECK(t.frame.width == 320);
    CHECK(t.frame.height == 200);
    const unsigned palette[] = {0x00, 0x13, 0x15, 0x17};
    for (unsigned x = 0; x < 4; ++x) {
        CHECK(t.pixel(x, 0) == grey(palette[x]));
        CHECK(t.pixel(316 + x, 199) == grey(palette[3 - x]));
    }
}

TEST_CASE("vga: nothing changed costs nothing, a switched off screen is black") {
    Screen t;
    set_mode(t, mode_12);
    t.grey_dac();
    t.poke(0xA0000, 0xFF);
    CHECK(t.vga.render(t.frame).has_value());
    CHECK_FALSE(t.vga.render(t.frame).has_value());
    t.gfx(8, 0x0F); // drawing registers are not seen
    t.gfx(0, 0x01);
    t.seq(2, 0x01);
    CHECK_FALSE(t.vga.render(t.frame).has_value());
    t.gfx(8, 0xFF);
    t.poke(0xA0000 + 80 * 300, 0xFF);
    const auto rows = t.vga.render(t.frame);
    REQUIRE(rows.has_value());
    CHECK(rows->top > 280);
    CHECK(rows->bottom < 320);
    Frame other;
    CHECK(t.vga.render(other).has_value());
    t.seq(1, 0x21);
    t.vga.render(t.frame);
    CHECK(std::set<std::uint32_t>(t.frame.pixels.begin(), t.frame.pixels.end()) ==
          std::set<std::uint32_t>{0});
}

TEST_CASE("vga pci: identity, regions, register page") {
    Screen t;
    CHECK(t.vga.config_read(0x00, 4) == 0x11111234);
    CHECK(t.vga.config_read(0x08, 4) >> 8U == 0x030000);
    t.vga.config_write(0x10, 4, 0xFFFFFFFF);
    CHECK(t.vga.config_read(0x10, 4) == (0xFFFFFFFFU & ~(vram_size - 1)) + 8);
    t.vga.config_write(0x18, 4, 0xFEBF0000);
    t.vga.config_write(0x10, 4, 0);
    t.vga.config_write(0x04, 2, 0x0003);
    CHECK(t.mmio.read(0xFEBF0500, 2) == 0xB0C5);
    t.mmio.write(0xFEBF0402, 1, 0x67);
    CHECK(t.inb(0x3CC) == 0x67);
    CHECK(t.mmio.read(0xFEBF040C, 1) == 0x67);
    t.vga.config_write(0x04, 2, 0x0000);
    CHECK(t.mmio.read(0xFEBF0500, 2) == 0xFFFF);
}

TEST_CASE("vga: save, load and reset") {
    Screen from;
    set_mode(from, mode_03);
    from.grey_dac();
    from.load_glyph(0, 'Z', 3, 0x7E);
    from.mmio.write(0xB8000, 2, 0x4E5A);
    from.vbe(1, 800);
    Screen to;
    CHECK(survives_save_and_load(from.vga, to.vga));
    from.vga.render(from.frame);
    to.vga.render(to.frame);
    CHECK(from.frame.pixels == to.frame.pixels);
    to.vga.reset();
    CHECK(to.inb(0x3CC) == 0x00);
    CHECK(to.vbe(std::uint16_t{1}) == 0);
}
