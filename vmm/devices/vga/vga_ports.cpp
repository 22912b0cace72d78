// The VGA's ports 3B4h-3DAh. SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/devices/vga/vga.hpp"

#include <algorithm>

namespace ntferry::vmm {
namespace {

// Bits that exist; the others read as zero.
constexpr std::array<std::uint8_t, 8> sequencer_mask = {0x03, 0x3D, 0x0F, 0x3F, 0x0E, 0x00, 0x00, 0xFF};
constexpr std::array<std::uint8_t, 16> graphics_mask = {0x0F, 0x0F, 0x0F, 0x1F, 0x03, 0x7B, 0x0F, 0x0F,
                                                        0xFF, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00};
constexpr std::array<std::uint8_t, 21> attribute_mask = {0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F,
                                                         0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F,
                                                         0x3F, 0x3F, 0xEF, 0xFF, 0x3F, 0x0F, 0x0F};
constexpr std::uint8_t last_crtc = 0x18;

} // namespace

void Vga::set_visible(std::uint8_t& target, unsigned value) {
    const auto byte = static_cast<std::uint8_t>(value);
    if (target == byte)
        return;
    target = byte;
    renderer_.invalidate();
}

/// MISC bit 0 moves the CRTC and input status 1 between 3Bxh and 3Dxh; the other place is empty.
bool Vga::is_mono_port(std::uint16_t port) const {
    const bool colour = (registers_.misc & 1U) != 0;
    const bool in_3b = port < 0x3C0;
    const bool in_3d = port >= 0x3D0;
    return (in_3b && colour) || (in_3d && !colour);
}

std::uint8_t Vga::read_port(std::uint16_t port) {
    if (is_mono_port(port))
        return 0xFF;
    VgaRegisters& r = registers_;
    switch (port) {
    case 0x3C0:
        return r.attribute_index;
    case 0x3C1: {
        const unsigned index = r.attribute_index & 0x1FU;
        return index < attribute_mask.size() ? r.attribute[index] : std::uint8_t{0};
    }
    case 0x3C2:
        return 0x10; // switch sense: a monitor is there
    case 0x3C3:
        return r.subsystem;
    case 0x3C4:
        return r.sequencer_index;
    case 0x3C5:
        return r.sequencer[r.sequencer_index & 7U];
    case 0x3C6:
        return r.dac_mask;
    case 0x3C7:
        return r.dac_reading ? 0x03 : 0x00;
    case 0x3C8:
        return r.dac_write_index;
    case 0x3C9:
        return read_dac();
    case 0x3CA:
        return r.feature;
    case 0x3CC:
        return r.misc;
    case 0x3CE:
        return r.graphics_index;
    case 0x3CF:
        return r.graphics[r.graphics_index & 15U];
    case 0x3B4:
    case 0x3D4:
        return r.crtc_index;
    case 0x3B5:
    case 0x3D5:
        return read_crtc();
    case 0x3BA:
    case 0x3DA:
        return input_status_1();
    default:
        return 0xFF;
    }
}

void Vga::write_port(std::uint16_t port, std::uint8_t value) {
    VgaRegisters& r = registers_;
    if (is_mono_port(port))
        return;
    switch (port) {
    case 0x3C0:
        return write_attribute(value);
    case 0x3C2:
        set_visible(r.misc, value & 0xEFU);
        return reroute();
    case 0x3C3:
        r.subsystem = value & 1U;
        return;
    case 0x3C4:
        r.sequencer_index = value & 7U;
        return;
    case 0x3C5: {
        const unsigned index = r.sequencer_index;
        const unsigned stored = value & sequencer_mask[index];
        if (index == 1 || index == 3)
            set_visible(r.sequencer[index], stored);
        else
            r.sequencer[index] = static_cast<std::uint8_t>(stored);
        return reroute();
    }
    case 0x3C6:
        return set_visible(r.dac_mask, value);
    case 0x3C7:
        r.dac_read_index = value;
        r.dac_component = 0;
        r.dac_reading = true;
        return;
    case 0x3C8:
        r.dac_write_index = value;
        r.dac_component = 0;
        r.dac_reading = false;
        return;
    case 0x3C9:
        return write_dac(value);
    case 0x3CE:
        r.graphics_index = value & 15U;
        return;
    case 0x3CF: {
        const unsigned index = r.graphics_index;
        const unsigned stored = value & graphics_mask[index];
        // Only the shift register mode and the graphics bit are seen on the screen.
        const unsigned seen = index == 5 ? 0x60U : index == 6 ? 0x01U : 0U;
        if (((r.graphics[index] ^ stored) & seen) != 0)
            renderer_.invalidate();
        r.graphics[index] = static_cast<std::uint8_t>(stored);
        return reroute();
    }
    case 0x3B4:
    case 0x3D4:
        r.crtc_index = value;
        return;
    case 0x3B5:
    case 0x3D5:
        return write_crtc(value);
    case 0x3BA:
    case 0x3DA:
        r.feature = value & 3U;
        return;
    default:
        return;
    }
}

std::uint8_t Vga::read_crtc() {
    const unsigned index = registers_.crtc_index;
    if (index <= last_crtc)
        return registers_.crtc[index];
    if (index == 0x22) // the latch of the plane that reads select
        return static_cast<std::uint8_t>(planes_.latch >> (8U * (registers_.graphics[4] & 3U)));
    if (index == 0x24)
        return registers_.attribute_data_next ? 0x80 : 0x00;
    return 0;
}

void Vga::write_crtc(std::uint8_t value) {
    VgaRegisters& r = registers_;
    const unsigned index = r.crtc_index;
    if (index > last_crtc)
        return;
    unsigned stored = value;
    if (index < 8 && (r.crtc[0x11] & 0x80U) != 0) {
        if (index != 7)
            return;
        stored = (r.crtc[7] & ~0x10U) | (value & 0x10U); // line compare bit 8 is not protected
    }
    if (index == 0x0E || index == 0x0F)
        r.crtc[index] = value; // the renderer looks where the cursor is
    else
        set_visible(r.crtc[index], stored);
}

void Vga::write_attribute(std::uint8_t value) {
    VgaRegisters& r = registers_;
    if (!r.attribute_data_next) {
        set_visible(r.attribute_index, value & 0x3FU);
    } else {
        const unsigned index = r.attribute_index & 0x1FU;
        // The palette belongs to the screen while bit 5 is set.
        if (index < attribute_mask.size() && (index >= 16 || (r.attribute_index & 0x20U) == 0))
            set_visible(r.attribute[index], value & attribute_mask[index]);
    }
    r.attribute_data_next = !r.attribute_data_next;
}

std::uint8_t Vga::read_dac() {
    VgaRegisters& r = registers_;
    const std::uint8_t value = r.dac[std::size_t{r.dac_read_index} * 3 + r.dac_component];
    if (++r.dac_component == 3) {
        r.dac_component = 0;
        ++r.dac_read_index;
    }
    return value;
}

void Vga::write_dac(std::uint8_t value) {
    VgaRegisters& r = registers_;
    r.dac_latch[r.dac_component] = vbe_.dac_8bit() ? value : value & 0x3FU;
    if (++r.dac_component < 3)
        return;
    r.dac_component = 0;
    for (std::size_t i = 0; i < 3; ++i)
        set_visible(r.dac[std::size_t{r.dac_write_index} * 3 + i], r.dac_latch[i]);
    ++r.dac_write_index;
}

/// Bit 0: not displaying, bit 3: vertical retrace, from the time the programmed frame takes.
std::uint8_t Vga::input_status_1() {
    VgaRegisters& r = registers_;
    r.attribute_data_next = false;
    const std::uint64_t hertz = (r.misc & 0x0CU) == 0x04 ? 28'322'000 : 25'175'000;
    const std::uint64_t line_clocks = std::uint64_t{r.horizontal_total()} * r.dots_per_character() *
                                      ((r.sequencer[1] & 0x08U) != 0 ? 2U : 1U);
    const std::uint64_t clocks = ns_to_ticks(clock_.now(), hertz) % (line_clocks * r.vertical_total());
    const std::uint64_t line = clocks / line_clocks;
    const std::uint64_t column = clocks % line_clocks;
    const bool displaying =
        line < r.display_lines() && column * r.horizontal_total() < line_clocks * r.columns();
    const unsigned start = r.vertical_retrace_start();
    const unsigned length = std::max(1U, (r.crtc[0x11] - start) & 0x0FU);
    std::uint8_t status = displaying ? 0x00 : 0x01;
    if (line >= start && line < start + length)
        status |= 0x08;
    return status;
}

} // namespace ntferry::vmm
