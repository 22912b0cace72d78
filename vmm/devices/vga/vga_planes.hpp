// VgaPlanes: what a byte written to or read from A0000h-BFFFFh does to the four planes.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// IBM PS/2 Hardware Interface Technical Reference, Video Subsystem: graphics controller, sequencer memory
// mode.
#pragma once

#include "vmm/devices/vga/bochs_vbe.hpp"
#include "vmm/devices/vga/frame_memory.hpp"
#include "vmm/devices/vga/vga_registers.hpp"

#include <cstdint>
#include <cstring>

namespace ntferry::vmm {

/// Plane n of plane address a is byte 4a + n of the video RAM: one dword holds what a character clock
/// fetches, and all four planes change with one load and one store.
class VgaPlanes {
  public:
    explicit VgaPlanes(FrameMemory& memory);

    /// Takes over how the registers route accesses. To be called after every change of misc, sequencer,
    /// graphics or VBE registers; a write then only looks up what was worked out here.
    void configure(const VgaRegisters& registers, const BochsVbe& vbe);

    /// offset from A0000h, below 128 KiB.
    void write(std::uint32_t offset, unsigned width, std::uint64_t value);
    std::uint64_t read(std::uint32_t offset, unsigned width);
    /// Linear frame buffer.
    void write_linear(std::uint64_t offset, unsigned width, std::uint64_t value);
    std::uint64_t read_linear(std::uint64_t offset, unsigned width) const;
    /// Zeroes the first length bytes.
    void clear(std::size_t length);

    /// The window is that of an ordinary text mode: 32 KiB whose even bytes are plane 0 and whose odd ones
    /// are plane 1, stored and read as they are. Then it can be shown to the guest as plain memory.
    bool is_text_window() const { return text_window_; }
    /// Offset of the window from A0000h.
    std::uint32_t window_start() const { return window_start_; }
    /// What the guest would read there, to text (FrameMemory::text_size bytes).
    void get_text(MutableByteView text) const;
    /// Takes over what the guest wrote there; only what is another byte becomes dirty.
    void put_text(ByteView text);

    std::uint32_t dword(std::uint32_t plane_address) const {
        std::uint32_t value = 0;
        std::memcpy(&value, bytes_ + std::size_t{plane_address} * 4, 4);
        return value;
    }
    ByteView bytes() const { return ByteView(bytes_, size_); }
    MutableByteView bytes() { return MutableByteView(bytes_, size_); }

    /// One flag a 4 KiB page, set by writes; the renderer clears them.
    MutableByteView dirty() { return dirty_; }
    bool touched() const { return touched_; }
    /// Plane 2 was written: in text modes the fonts may have changed.
    bool font_written() const { return font_written_; }
    void clear_dirty();
    void mark_all_dirty();

    std::uint32_t latch = 0;

  private:
    enum class Decode : std::uint8_t { linear, planar, odd_even, chain4 };

    void write_byte(std::uint32_t at, std::uint8_t value);
    std::uint8_t read_byte(std::uint32_t at);
    std::uint32_t odd_even_address(std::uint32_t at, bool replace_a0) const;
    std::uint32_t pipeline(std::uint8_t value) const;
    void store(std::uint32_t plane_address, std::uint32_t value) {
        std::memcpy(bytes_ + std::size_t{plane_address} * 4, &value, 4);
        dirty_[plane_address >> 10U] = 1;
        touched_ = true;
    }

    std::uint8_t* bytes_;
    std::size_t size_;
    Bytes dirty_;
    bool touched_ = true;
    bool font_written_ = true;

    // Worked out by configure().
    std::uint32_t window_start_ = 0;
    std::uint32_t window_size_ = 0;
    std::uint32_t base_ = 0;         ///< bank: bytes when linear, plane addresses otherwise
    std::uint32_t address_mask_ = 0; ///< of plane addresses
    Decode write_decode_ = Decode::planar;
    Decode read_decode_ = Decode::planar;
    bool text_window_ = false;
    bool replace_a0_ = false;
    bool a0_from_a16_ = false;
    std::uint8_t page_bit_ = 0;
    bool plain_ = false; ///< write mode 0 that stores the byte as it is
    std::uint8_t write_mode_ = 0;
    std::uint8_t rotate_ = 0;
    std::uint8_t logic_ = 0;
    std::uint32_t plane_mask_ = 0; ///< masks: one byte per plane
    std::uint32_t bit_mask_ = 0;
    std::uint32_t set_reset_ = 0;
    std::uint32_t enable_set_reset_ = 0;
    std::uint8_t read_plane_ = 0;
    bool compare_ = false;
    std::uint32_t compare_value_ = 0;
    std::uint32_t compare_care_ = 0;
};

} // namespace ntferry::vmm
