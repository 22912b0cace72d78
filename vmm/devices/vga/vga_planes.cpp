// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/devices/vga/vga_planes.hpp"

#include <algorithm>
#include <bit>

namespace ntferry::vmm {
namespace {

static_assert(std::endian::native == std::endian::little, "planes are bytes of native dwords");

/// FFh in byte n for bit n.
constexpr std::uint32_t expand(unsigned bits) {
    std::uint32_t value = 0;
    for (unsigned plane = 0; plane < 4; ++plane)
        if ((bits >> plane & 1U) != 0)
            value |= 0xFFU << (8U * plane);
    return value;
}

constexpr std::array<std::uint32_t, 16> expanded = [] {
    std::array<std::uint32_t, 16> table{};
    for (unsigned bits = 0; bits < 16; ++bits)
        table[bits] = expand(bits);
    return table;
}();

constexpr std::uint32_t every_plane = 0x01010101;

} // namespace

VgaPlanes::VgaPlanes(FrameMemory& memory)
    : bytes_(memory.bytes().data()), size_(memory.bytes().size()), dirty_(size_ / FrameMemory::page_size, 1) {
}

void VgaPlanes::configure(const VgaRegisters& r, const BochsVbe& vbe) {
    const auto& graphics = r.graphics;
    const auto& sequencer = r.sequencer;
    static constexpr std::uint32_t starts[] = {0x00000, 0x00000, 0x10000, 0x18000};
    static constexpr std::uint32_t sizes[] = {0x20000, 0x10000, 0x08000, 0x08000};
    const unsigned map = graphics[6] >> 2U & 3U;
    window_start_ = starts[map];
    window_size_ = (r.misc & 0x02U) != 0 ? sizes[map] : 0;
    base_ = 0;
    address_mask_ = 0xFFFF;

    const bool chain4 = (sequencer[4] & 0x08U) != 0;
    const bool write_sequential = (sequencer[4] & 0x04U) != 0;
    const bool read_odd_even = (graphics[5] & 0x10U) != 0;
    write_decode_ = chain4 ? Decode::chain4 : write_sequential ? Decode::planar : Decode::odd_even;
    read_decode_ = chain4 ? Decode::chain4 : read_odd_even ? Decode::odd_even : Decode::planar;
    replace_a0_ = (graphics[6] & 0x02U) != 0;
    a0_from_a16_ = map == 0;
    page_bit_ = (r.misc & 0x20U) != 0 ? 0 : 1;

    write_mode_ = graphics[5] & 3U;
    rotate_ = graphics[3] & 7U;
    logic_ = graphics[3] >> 3U & 3U;
    plane_mask_ = expanded[sequencer[2] & 0x0FU];
    bit_mask_ = graphics[8] * every_plane;
    set_reset_ = expanded[graphics[0] & 0x0FU];
    enable_set_reset_ = expanded[graphics[1] & 0x0FU];
    plain_ =
        write_mode_ == 0 && rotate_ == 0 && logic_ == 0 && bit_mask_ == 0xFFFFFFFF && enable_set_reset_ == 0;
    read_plane_ = graphics[4] & 3U;
    compare_ = (graphics[5] & 0x08U) != 0;
    compare_value_ = expanded[graphics[2] & 0x0FU];
    compare_care_ = expanded[graphics[7] & 0x0FU];

    constexpr std::uint32_t planes_0_and_1 = 0x0000FFFF;
    text_window_ = !vbe.enabled() && write_decode_ == Decode::odd_even && read_decode_ == Decode::odd_even &&
                   replace_a0_ && plain_ && plane_mask_ == planes_0_and_1 && read_plane_ < 2 && !compare_ &&
                   window_size_ == FrameMemory::text_size;

    if (vbe.enabled()) {
        window_start_ = 0;
        window_size_ = 0x10000;
        base_ = vbe.bank_start();
        if (vbe.planar())
            address_mask_ = static_cast<std::uint32_t>(size_ / 4 - 1);
        else
            write_decode_ = read_decode_ = Decode::linear;
    }
}

std::uint32_t VgaPlanes::odd_even_address(std::uint32_t at, bool replace_a0) const {
    if (!replace_a0)
        return at;
    return (at & ~1U) | (a0_from_a16_ ? at >> 16U & 1U : page_bit_);
}

/// Write modes 0 to 3: data for all planes before the map mask.
std::uint32_t VgaPlanes::pipeline(std::uint8_t value) const {
    std::uint32_t data = 0;
    std::uint32_t bits = bit_mask_;
    switch (write_mode_) {
    case 1:
        return latch;
    case 2:
        data = expanded[value & 0x0FU];
        break;
    case 3:
        bits &= std::rotr(value, rotate_) * every_plane;
        data = set_reset_;
        break;
    default:
        data = std::rotr(value, rotate_) * every_plane;
        data = (data & ~enable_set_reset_) | (set_reset_ & enable_set_reset_);
        break;
    }
    switch (logic_) {
    case 1:
        data &= latch;
        break;
    case 2:
        data |= latch;
        break;
    case 3:
        data ^= latch;
        break;
    default:
        break;
    }
    return (data & bits) | (latch & ~bits);
}

void VgaPlanes::write_byte(std::uint32_t at, std::uint8_t value) {
    std::uint32_t address = at;
    std::uint32_t planes = plane_mask_;
    switch (write_decode_) {
    case Decode::linear:
        write_linear(std::uint64_t{base_} + at, 1, value);
        return;
    case Decode::chain4:
        address = at & ~3U;
        planes &= 0xFFU << (8U * (at & 3U));
        break;
    case Decode::odd_even:
        address = odd_even_address(at, replace_a0_);
        planes &= (at & 1U) != 0 ? 0xFF00FF00U : 0x00FF00FFU;
        break;
    case Decode::planar:
        break;
    }
    address = (base_ + address) & address_mask_;
    const std::uint32_t data = plain_ ? value * every_plane : pipeline(value);
    font_written_ = font_written_ || (planes & 0x00FF0000U) != 0;
    store(address, (dword(address) & ~planes) | (data & planes));
}

void VgaPlanes::write(std::uint32_t offset, unsigned width, std::uint64_t value) {
    const std::uint32_t at = offset - window_start_;
    for (unsigned i = 0; i < width; ++i)
        if (at + i < window_size_) // wraps to a large number before the window
            write_byte(at + i, static_cast<std::uint8_t>(value >> (8U * i)));
}

void VgaPlanes::get_text(MutableByteView text) const {
    for (std::uint32_t at = 0; at + 1 < text.size(); at += 2) {
        const std::uint32_t cell = dword((at | page_bit_) & address_mask_);
        text[at] = static_cast<std::uint8_t>(cell);
        text[at + 1] = static_cast<std::uint8_t>(cell >> 8U);
    }
}

void VgaPlanes::put_text(ByteView text) {
    for (std::uint32_t at = 0; at + 1 < text.size(); at += 2) {
        const std::uint32_t address = (at | page_bit_) & address_mask_;
        const std::uint32_t known = dword(address);
        const std::uint32_t cell = (known & 0xFFFF0000U) | text[at] | std::uint32_t{text[at + 1]} << 8U;
        if (cell != known)
            store(address, cell);
    }
}

std::uint8_t VgaPlanes::read_byte(std::uint32_t at) {
    std::uint32_t address = at;
    unsigned plane = read_plane_;
    switch (read_decode_) {
    case Decode::linear:
        return static_cast<std::uint8_t>(read_linear(std::uint64_t{base_} + at, 1));
    case Decode::chain4:
        address = at & ~3U;
        plane = at & 3U;
        break;
    case Decode::odd_even:
        address = odd_even_address(at, replace_a0_);
        plane = (read_plane_ & 2U) | (at & 1U);
        break;
    case Decode::planar:
        break;
    }
    latch = dword((base_ + address) & address_mask_);
    if (!compare_)
        return static_cast<std::uint8_t>(latch >> (8U * plane));
    const std::uint32_t differs = (latch ^ compare_value_) & compare_care_;
    return static_cast<std::uint8_t>(~(differs | differs >> 8U | differs >> 16U | differs >> 24U));
}

std::uint64_t VgaPlanes::read(std::uint32_t offset, unsigned width) {
    const std::uint32_t at = offset - window_start_;
    std::uint64_t value = 0;
    for (unsigned i = 0; i < width; ++i) {
        const std::uint8_t byte = at + i < window_size_ ? read_byte(at + i) : std::uint8_t{0xFF};
        value |= static_cast<std::uint64_t>(byte) << (8U * i);
    }
    return value;
}

void VgaPlanes::write_linear(std::uint64_t offset, unsigned width, std::uint64_t value) {
    for (unsigned i = 0; i < width && offset + i < size_; ++i) {
        bytes_[offset + i] = static_cast<std::uint8_t>(value >> (8U * i));
        dirty_[(offset + i) / FrameMemory::page_size] = 1;
        touched_ = true;
    }
}

std::uint64_t VgaPlanes::read_linear(std::uint64_t offset, unsigned width) const {
    std::uint64_t value = 0;
    for (unsigned i = 0; i < width; ++i)
        value |= static_cast<std::uint64_t>(offset + i < size_ ? bytes_[offset + i] : 0xFF) << (8U * i);
    return value;
}

void VgaPlanes::clear(std::size_t length) {
    std::fill_n(bytes_, std::min(length, size_), std::uint8_t{0});
    mark_all_dirty();
}

void VgaPlanes::clear_dirty() {
    std::fill(dirty_.begin(), dirty_.end(), std::uint8_t{0});
    touched_ = font_written_ = false;
}

void VgaPlanes::mark_all_dirty() {
    std::fill(dirty_.begin(), dirty_.end(), std::uint8_t{1});
    touched_ = font_written_ = true;
}

} // namespace ntferry::vmm
