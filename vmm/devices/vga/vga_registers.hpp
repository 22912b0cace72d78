// VgaRegisters: the register files of an IBM VGA as plain values.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// IBM Personal System/2 Hardware Interface Technical Reference, Video Subsystem (S42G-2193);
// J. Neal, Hardware Level VGA and SVGA Video Programming Information Page (FreeVGA). Indices as there.
#pragma once

#include "vmm/bus/state.hpp"

#include <array>
#include <cstdint>

namespace ntferry::vmm {

struct VgaRegisters {
    std::uint8_t misc = 0;            ///< 3C2h/3CCh: bit 0 colour addresses, 1 RAM enable, 3-2 clock, 5 page
    std::uint8_t feature = 0;         ///< 3DAh/3CAh
    std::uint8_t subsystem = 1;       ///< 3C3h
    std::uint8_t sequencer_index = 0; ///< 3C4h
    std::array<std::uint8_t, 8> sequencer{};
    std::uint8_t graphics_index = 0; ///< 3CEh
    std::array<std::uint8_t, 16> graphics{};
    std::uint8_t crtc_index = 0; ///< 3D4h
    std::array<std::uint8_t, 32> crtc{};
    std::uint8_t attribute_index = 0; ///< 3C0h, bit 5 enables the screen
    bool attribute_data_next = false; ///< the flip-flop that 3DAh resets
    std::array<std::uint8_t, 32> attribute{};

    std::uint8_t dac_mask = 0xFF;
    std::uint8_t dac_read_index = 0;
    std::uint8_t dac_write_index = 0;
    std::uint8_t dac_component = 0; ///< 0-2: which of red, green, blue is next
    bool dac_reading = false;
    std::array<std::uint8_t, 3> dac_latch{};
    std::array<std::uint8_t, 768> dac{};

    bool text_mode() const { return (graphics[6] & 1U) == 0; }
    /// The screen shows something: not in reset, not blanked by the sequencer or the attribute controller.
    bool screen_on() const { return (attribute_index & 0x20U) != 0 && (sequencer[1] & 0x20U) == 0; }
    unsigned columns() const { return crtc[0x01] + 1U; } ///< character clocks a line
    unsigned dots_per_character() const { return (sequencer[1] & 1U) != 0 ? 8 : 9; }
    unsigned display_lines() const {
        return (crtc[0x12] | (crtc[0x07] & 0x02U) << 7U | (crtc[0x07] & 0x40U) << 3U) + 1U;
    }
    unsigned line_compare() const {
        return crtc[0x18] | (crtc[0x07] & 0x10U) << 4U | (crtc[0x09] & 0x40U) << 3U;
    }
    unsigned vertical_total() const {
        return (crtc[0x06] | (crtc[0x07] & 0x01U) << 8U | (crtc[0x07] & 0x20U) << 4U) + 2U;
    }
    unsigned vertical_retrace_start() const {
        return crtc[0x10] | (crtc[0x07] & 0x04U) << 6U | (crtc[0x07] & 0x80U) << 2U;
    }
    unsigned horizontal_total() const { return crtc[0x00] + 5U; }
    bool double_scan() const { return (crtc[0x09] & 0x80U) != 0; }
    unsigned row_height() const { return (crtc[0x09] & 0x1FU) + 1U; } ///< scan lines of a row
    unsigned start_address() const { return crtc[0x0C] << 8U | crtc[0x0D]; }
    unsigned cursor_address() const { return crtc[0x0E] << 8U | crtc[0x0F]; }
    unsigned row_pitch() const { return crtc[0x13] * 2U; } ///< address counter steps from row to row

    /// The address that the address counter puts on the planes in a scan line of a row.
    std::uint32_t plane_address(std::uint32_t counter, unsigned row_scan) const {
        const std::uint8_t mode = crtc[0x17];
        std::uint32_t address = counter;
        if ((crtc[0x14] & 0x40U) != 0) // doubleword
            address = counter << 2U | (counter >> 14U & 3U);
        else if ((mode & 0x40U) == 0) // word: MA15 or MA13 comes in at the bottom
            address = counter << 1U | (counter >> ((mode & 0x20U) != 0 ? 15U : 13U) & 1U);
        if ((mode & 1U) == 0) // CGA interleave
            address = (address & ~0x2000U) | (row_scan & 1U) << 13U;
        if ((mode & 2U) == 0) // Hercules interleave
            address = (address & ~0x4000U) | (row_scan & 2U) << 13U;
        return address & 0xFFFFU;
    }

    void save(StateWriter& writer) const;
    void load(StateReader& reader);
};

} // namespace ntferry::vmm
