// BochsVbe: the DISPI registers of a Bochs/QEMU standard VGA.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Bochs VBE display interface (VBE_DISPI), ID B0C5h; QEMU docs/specs/standard-vga.rst.
#pragma once

#include "vmm/bus/state.hpp"

#include <array>
#include <cstdint>

namespace ntferry::vmm {

/// Sixteen-bit registers behind ports 1CEh (index) and 1CFh (data).
class BochsVbe {
  public:
    enum Index : std::uint16_t {
        id,
        x_resolution,
        y_resolution,
        bits_per_pixel,
        enable,
        bank,
        virtual_width,
        virtual_height,
        x_offset,
        y_offset,
        memory_64k,
        index_count
    };
    static constexpr std::uint16_t enabled_bit = 0x01;
    static constexpr std::uint16_t get_caps_bit = 0x02;
    static constexpr std::uint16_t dac_8bit_bit = 0x20;
    static constexpr std::uint16_t linear_bit = 0x40;
    static constexpr std::uint16_t no_clear_bit = 0x80;
    static constexpr std::uint16_t max_width = 2560;
    static constexpr std::uint16_t max_height = 1600;

    /// @param memory bytes of video RAM
    explicit BochsVbe(std::uint64_t memory) : memory_(memory) { reset(); }
    void reset();
    std::uint16_t read(std::uint16_t index) const;
    /// @return true when a mode was just enabled whose picture is to be cleared
    bool write(std::uint16_t index, std::uint16_t value);

    bool enabled() const { return (registers_[enable] & enabled_bit) != 0; }
    bool dac_8bit() const { return (registers_[enable] & dac_8bit_bit) != 0; }
    bool planar() const { return depth() == 4; }
    unsigned width() const { return registers_[x_resolution]; }
    unsigned height() const { return registers_[y_resolution]; }
    unsigned depth() const { return registers_[bits_per_pixel]; }
    unsigned left() const { return registers_[x_offset]; }
    unsigned top() const { return registers_[y_offset]; }
    /// Bytes from line to line; of one plane when planar().
    std::uint32_t pitch() const { return bytes_for(registers_[virtual_width]); }
    /// Start of the 64 KiB window at A0000h, in bytes (of one plane when planar()).
    std::uint32_t bank_start() const;

    std::uint16_t selected = 0; ///< index port
    void save(StateWriter& writer) const;
    void load(StateReader& reader);

  private:
    std::uint32_t bytes_for(unsigned pixels) const;
    std::uint32_t rows_for(std::uint32_t line_bytes) const;
    bool mode_fits() const;

    std::uint64_t memory_;
    std::array<std::uint16_t, index_count> registers_{};
};

} // namespace ntferry::vmm
