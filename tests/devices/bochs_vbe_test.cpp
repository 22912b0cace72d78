// The Bochs display interface. SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/devices/vga_bench.hpp"

#include <catch2/catch.hpp>

using namespace ntferry;
using namespace ntferry::vmm;
using namespace ntferry::vmm::test;
using namespace ntferry::vmm::test::vga_bench;

TEST_CASE("vbe: identification, limits and modes that do not fit") {
    Screen t;
    CHECK(t.vbe(std::uint16_t{0}) == 0xB0C5);
    t.vbe(0, 0xB0C0);
    CHECK(t.vbe(std::uint16_t{0}) == 0xB0C0);
    t.vbe(0, 0x1234);
    CHECK(t.vbe(std::uint16_t{0}) == 0xB0C0);
    CHECK(t.vbe(std::uint16_t{10}) == vram_size >> 16U);
    t.vbe(4, 0x02);
    CHECK(t.vbe(std::uint16_t{1}) == 2560);
    CHECK(t.vbe(std::uint16_t{2}) == 1600);
    CHECK(t.vbe(std::uint16_t{3}) == 32);
    t.vbe_mode(2560, 1600, 32); // 16 MB in 4
    CHECK((t.vbe(std::uint16_t{4}) & 1) == 0);
    t.vbe_mode(1024, 768, 32);
    CHECK((t.vbe(std::uint16_t{4}) & 1) == 1);
    CHECK(t.vbe(std::uint16_t{6}) == 1024);
    CHECK(t.vbe(std::uint16_t{7}) == 1024);
    CHECK(t.vbe(std::uint16_t{11}) == 0);
}

TEST_CASE("vbe: pixels of 8, 15, 16, 24 and 32 bits from the linear frame buffer") {
    Screen t;
    t.vga.config_write(0x10, 4, 0xE0000000);
    t.vga.config_write(0x04, 2, 0x0003);
    CHECK(t.memory_of_frames.where() == GuestAddress{0xE0000000});
    struct Case {
        std::uint16_t depth;
        std::uint64_t value;
        std::uint32_t colour;
    };
    t.dac(0x5A, 0x3F, 0x00, 0x20);
    for (const Case& c : {Case{8, 0x5A, 0xFF0082}, Case{15, 0x7C1F, 0xFF00FF}, Case{15, 0x0210, 0x008484},
                          Case{16, 0xF81F, 0xFF00FF}, Case{16, 0x0410, 0x008284},
                          Case{24, 0x123456, 0x123456}, Case{32, 0xFF123456, 0x123456}}) {
        CAPTURE(c.depth);
        t.vbe_mode(640, 480, c.depth);
        const unsigned bytes = (c.depth + 7U) / 8U;
        for (unsigned i = 0; i < bytes; ++i)
            t.mmio.write(0xE0000000U + (479U * 640U + 639U) * bytes + i, 1, c.value >> (8U * i) & 0xFFU);
        t.vga.render(t.frame);
        CHECK(t.frame.width == 640);
        CHECK(t.pixel(639, 479) == c.colour);
        CHECK(t.pixel(638, 479) == 0);
    }
}

TEST_CASE("vbe: banks, virtual width, offsets and the 8 bit DAC") {
    Screen t;
    t.vbe_mode(640, 480, 8, 0x21);
    t.dac(1, 0xAB, 0xCD, 0xEF);
    t.vbe(6, 1024);
    CHECK(t.vbe(std::uint16_t{7}) == 4096);
    t.vbe(5, 1); // second 64 KiB: line 64
    t.poke(0xA0000, 1);
    t.vbe(9, 60);
    t.vga.render(t.frame);
    CHECK(t.pixel(0, 4) == 0xABCDEF);
    t.vbe(8, 8);
    t.vbe(9, 63);
    t.vga.render(t.frame);
    CHECK(t.pixel(0, 1) == 0);
    t.vbe(9, 4000); // the rest of the screen lies beyond the memory
    t.vga.render(t.frame);
    CHECK(t.pixel(0, 479) == 0);
    t.vbe(4, 0);
    CHECK(t.vbe(std::uint16_t{4}) == 0);
}

TEST_CASE("vbe: planar modes use the plane pipeline beyond 64 KiB") {
    Screen t;
    set_mode(t, mode_12);
    t.grey_dac();
    t.vbe_mode(1024, 768, 4);
    t.vbe(5, 1);
    t.poke(0xA0000, 0x80);
    t.vga.render(t.frame);
    CHECK(t.frame.width == 1024);
    CHECK(t.pixel(0, 512) == grey(0x3F));
    CHECK(t.pixel(1, 512) == 0);
}
