// One scan line of each kind of picture. SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/devices/vga/vga_renderer.hpp"

#include <algorithm>
#include <cstring>

namespace ntferry::vmm {
namespace {

/// The eight pixels of one byte of one plane, leftmost first, each 0 or 1 in a byte of its own.
constexpr std::array<std::uint64_t, 256> plane_pixels = [] {
    std::array<std::uint64_t, 256> table{};
    for (unsigned byte = 0; byte < 256; ++byte)
        for (unsigned pixel = 0; pixel < 8; ++pixel)
            table[byte] |= static_cast<std::uint64_t>(byte >> (7U - pixel) & 1U) << (8U * pixel);
    return table;
}();

std::uint64_t sixteen_colour_pixels(std::uint32_t planes) {
    return plane_pixels[planes & 0xFFU] | plane_pixels[planes >> 8U & 0xFFU] << 1U |
           plane_pixels[planes >> 16U & 0xFFU] << 2U | plane_pixels[planes >> 24U] << 3U;
}

/// Plane address of a font: sequencer register 3 names one of eight 8 KiB slots (0, 16, 32, 48, 8, ... KiB).
std::uint32_t font_start(unsigned slot) {
    return (slot & 3U) * 0x4000U + (slot >> 2U) * 0x2000U;
}

} // namespace

void VgaRenderer::draw_text(const Line& line, Pixels out) const {
    const VgaRegisters& r = registers_;
    const unsigned dots = r.dots_per_character();
    const std::uint8_t fonts = r.sequencer[3];
    const std::uint32_t font_a = font_start((fonts >> 2U & 3U) | (fonts >> 3U & 4U));
    const std::uint32_t font_b = font_start((fonts & 3U) | (fonts >> 2U & 4U));
    const bool line_graphics = (r.attribute[0x10] & 0x04U) != 0;
    const bool blink = (r.attribute[0x10] & 0x08U) != 0;
    const bool underline = line.row_scan == (r.crtc[0x14] & 0x1FU);
    const unsigned cursor_start = r.crtc[0x0A] & 0x1FU;
    const unsigned cursor_end = r.crtc[0x0B] & 0x1FU;
    const bool cursor_line = line.row_scan >= cursor_start && line.row_scan <= cursor_end;
    const unsigned cells = columns_ + (line.pan != 0 ? 1 : 0);
    for (unsigned i = 0; i < cells; ++i) {
        const std::uint32_t value = cell(line.counter + i);
        const unsigned character = value & 0xFFU;
        const unsigned attribute = value >> 8U & 0xFFU;
        const std::uint32_t font = (attribute & 0x08U) != 0 ? font_a : font_b;
        std::uint32_t bits = planes_.dword(font + character * 32 + line.row_scan) >> 16U & 0xFFU;
        bits <<= 1U; // nine dots; the ninth repeats the eighth for line drawing characters
        if (line_graphics && character >= 0xC0 && character <= 0xDF)
            bits |= bits >> 1U & 1U;
        const bool whole =
            (underline && (attribute & 0x77U) == 0x01U) || (cursor_line && (value & 0x10000U) != 0);
        if (whole)
            bits = 0x1FF;
        const std::uint32_t colours[2] = {attribute_colours_[attribute >> 4U & (blink ? 7U : 15U)],
                                          attribute_colours_[attribute & 15U]};
        for (unsigned dot = 0; dot < dots; ++dot)
            *out++ = colours[bits >> (8U - dot) & 1U];
    }
}

void VgaRenderer::draw_planar16(const Line& line, Pixels out) const {
    const unsigned cells = columns_ + (line.pan != 0 ? 1 : 0);
    for (unsigned i = 0; i < cells; ++i) {
        std::uint64_t pixels =
            sixteen_colour_pixels(planes_.dword(registers_.plane_address(line.counter + i, line.row_scan)));
        for (unsigned dot = 0; dot < 8; ++dot, pixels >>= 8U)
            *out++ = attribute_colours_[pixels & 15U];
    }
}

/// Two bits a pixel: four from planes 0 (low bits) and 2, then four from planes 1 and 3.
void VgaRenderer::draw_cga4(const Line& line, Pixels out) const {
    const unsigned cells = columns_ + (line.pan != 0 ? 1 : 0);
    for (unsigned i = 0; i < cells; ++i) {
        const std::uint32_t planes = planes_.dword(registers_.plane_address(line.counter + i, line.row_scan));
        for (unsigned half = 0; half < 2; ++half) {
            const std::uint32_t low = planes >> (8U * half) & 0xFFU;
            const std::uint32_t high = planes >> (8U * half + 16U) & 0xFFU;
            for (unsigned shift = 8; shift != 0;) {
                shift -= 2;
                *out++ = attribute_colours_[(low >> shift & 3U) | (high >> shift & 3U) << 2U];
            }
        }
    }
}

void VgaRenderer::draw_packed256(const Line& line, Pixels out) const {
    const unsigned cells = columns_ + (line.pan != 0 ? 1 : 0);
    for (unsigned i = 0; i < cells; ++i) {
        std::uint32_t planes = planes_.dword(registers_.plane_address(line.counter + i, line.row_scan));
        for (unsigned pixel = 0; pixel < 4; ++pixel, planes >>= 8U)
            *out++ = colours_[planes & 0xFFU];
    }
}

void VgaRenderer::draw_vbe(std::size_t y, Pixels out) const {
    const ByteView memory = planes_.bytes();
    const std::uint64_t row = (std::uint64_t{vbe_.top()} + y) * vbe_.pitch();
    const unsigned depth = vbe_.depth();
    if (depth == 4) {
        const std::uint64_t first = row + vbe_.left() / 8;
        for (unsigned i = 0; i < width_ / 8; ++i) {
            const std::uint64_t at = first + i;
            std::uint64_t pixels = at * 4 + 4 <= memory.size()
                                       ? sixteen_colour_pixels(planes_.dword(static_cast<std::uint32_t>(at)))
                                       : 0;
            for (unsigned dot = 0; dot < 8; ++dot, pixels >>= 8U)
                *out++ = attribute_colours_[pixels & 15U];
        }
        return;
    }
    const unsigned bytes = (depth + 7) / 8;
    const std::uint64_t first = row + std::uint64_t{vbe_.left()} * bytes;
    const std::uint64_t room = first < memory.size() ? (memory.size() - first) / bytes : 0;
    const auto visible = static_cast<unsigned>(std::min<std::uint64_t>(room, width_));
    std::fill_n(out + visible, width_ - visible, 0U); // beyond the video RAM
    const std::uint8_t* from = memory.data() + (visible != 0 ? first : 0);
    for (unsigned x = 0; x < visible; ++x, from += bytes) {
        switch (depth) {
        case 8:
            out[x] = colours_[*from];
            break;
        case 15: {
            const std::uint32_t value = from[0] | std::uint32_t{from[1]} << 8U;
            const std::uint32_t rgb =
                (value & 0x7C00U) << 9U | (value & 0x03E0U) << 6U | (value & 0x1FU) << 3U;
            out[x] = rgb | (rgb >> 5U & 0x070707U);
            break;
        }
        case 16: {
            const std::uint32_t value = from[0] | std::uint32_t{from[1]} << 8U;
            const std::uint32_t red_blue = (value & 0xF800U) << 8U | (value & 0x1FU) << 3U;
            const std::uint32_t green = (value & 0x07E0U) << 5U;
            out[x] = red_blue | (red_blue >> 5U & 0x070007U) | green | (green >> 6U & 0x000300U);
            break;
        }
        default:
            out[x] = from[0] | std::uint32_t{from[1]} << 8U | std::uint32_t{from[2]} << 16U;
            break;
        }
    }
}

} // namespace ntferry::vmm
