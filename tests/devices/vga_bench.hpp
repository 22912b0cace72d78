// A VGA driven through its ports and windows. SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/devices/vga_modes.hpp"
#include "vmm/devices/vga/vga.hpp"

namespace ntferry::vmm::test::vga_bench {

inline constexpr std::size_t vram_size = std::size_t{4} << 20U;

struct Screen : Bench {
    Screen() : memory_of_frames(vram_size), vga(ports, mmio, clock, memory_of_frames) {}
    UnmappedFrameMemory memory_of_frames;
    Vga vga;
    Frame frame;

    void seq(unsigned index, unsigned value) { outw(0x3C4, static_cast<std::uint16_t>(index | value << 8U)); }
    void gfx(unsigned index, unsigned value) { outw(0x3CE, static_cast<std::uint16_t>(index | value << 8U)); }
    void crtc(unsigned index, unsigned value) {
        outw(0x3D4, static_cast<std::uint16_t>(index | value << 8U));
    }
    std::uint8_t crtc(std::uint8_t index) {
        outb(0x3D4, index);
        return inb(0x3D5);
    }
    void attribute(std::uint8_t index, std::uint8_t value) {
        inb(0x3DA);
        outb(0x3C0, index);
        outb(0x3C0, value);
        outb(0x3C0, 0x20);
    }
    void dac(std::uint8_t index, std::uint8_t red, std::uint8_t green, std::uint8_t blue) {
        outb(0x3C8, index);
        outb(0x3C9, red);
        outb(0x3C9, green);
        outb(0x3C9, blue);
    }
    /// DAC entry n shows as 0x00nnnnnn with the low two bits cut, the mode's palette straight.
    void grey_dac() {
        for (unsigned i = 0; i < 256; ++i)
            dac(static_cast<std::uint8_t>(i), static_cast<std::uint8_t>(i & 0x3FU),
                static_cast<std::uint8_t>(i >> 2U & 0x3FU), 0);
    }
    void poke(std::uint32_t address, std::uint8_t value) { mmio.write(address, 1, value); }
    std::uint8_t peek(std::uint32_t address) { return static_cast<std::uint8_t>(mmio.read(address, 1)); }
    std::uint32_t pixel(unsigned x, unsigned y) const {
        return frame.pixels.at(std::size_t{y} * frame.width + x);
    }
    /// Value of plane n at a plane address, read the documented way.
    std::uint8_t plane(unsigned n, std::uint32_t address) {
        gfx(4, n);
        return peek(0xA0000 + address);
    }
    void load_glyph(unsigned slot_address, unsigned character, unsigned scan, std::uint8_t bits) {
        seq(2, 4);
        seq(4, 6);
        gfx(5, 0);
        gfx(6, 0);
        poke(0xA0000 + slot_address + character * 32 + scan, bits);
        seq(2, 3);
        seq(4, 2);
        gfx(5, 0x10);
        gfx(6, 0x0E);
    }
    void vbe(std::uint16_t index, std::uint16_t value) {
        outw(0x1CE, index);
        outw(0x1CF, value);
    }
    std::uint16_t vbe(std::uint16_t index) {
        outw(0x1CE, index);
        return inw(0x1CF);
    }
    void vbe_mode(std::uint16_t width, std::uint16_t height, std::uint16_t depth,
                  std::uint16_t flags = 0x41) {
        vbe(4, 0);
        vbe(1, width);
        vbe(2, height);
        vbe(3, depth);
        vbe(4, flags);
    }
};

constexpr std::uint32_t grey(unsigned index) {
    const auto wide = [](unsigned six) { return six << 2U | six >> 4U; };
    return wide(index & 0x3FU) << 16U | wide(index >> 2U & 0x3FU) << 8U;
}

} // namespace ntferry::vmm::test::vga_bench
