// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/devices/vga/bochs_vbe.hpp"

#include <algorithm>

namespace ntferry::vmm {
namespace {

constexpr std::uint16_t newest_id = 0xB0C5;

bool known_depth(unsigned depth) {
    return depth == 4 || depth == 8 || depth == 15 || depth == 16 || depth == 24 || depth == 32;
}

} // namespace

void BochsVbe::reset() {
    registers_ = {};
    registers_[id] = newest_id;
    registers_[bits_per_pixel] = 8;
    registers_[memory_64k] = static_cast<std::uint16_t>(memory_ >> 16U);
    selected = 0;
}

std::uint32_t BochsVbe::bytes_for(unsigned pixels) const {
    if (planar())
        return pixels / 8;
    return pixels * ((depth() + 7) / 8);
}

std::uint32_t BochsVbe::rows_for(std::uint32_t line_bytes) const {
    const std::uint64_t bytes = planar() ? memory_ / 4 : memory_;
    return static_cast<std::uint32_t>(line_bytes == 0 ? 0
                                                      : std::min<std::uint64_t>(bytes / line_bytes, 0xFFFF));
}

bool BochsVbe::mode_fits() const {
    return width() != 0 && height() != 0 && rows_for(bytes_for(width())) >= height();
}

std::uint32_t BochsVbe::bank_start() const {
    const std::uint64_t bytes = planar() ? memory_ / 4 : memory_;
    return static_cast<std::uint32_t>((std::uint64_t{registers_[bank]} << 16U) & (bytes - 1));
}

std::uint16_t BochsVbe::read(std::uint16_t index) const {
    if (index >= index_count)
        return 0;
    if ((registers_[enable] & get_caps_bit) != 0) {
        if (index == x_resolution)
            return max_width;
        if (index == y_resolution)
            return max_height;
        if (index == bits_per_pixel)
            return 32;
    }
    return registers_[index];
}

bool BochsVbe::write(std::uint16_t index, std::uint16_t value) {
    switch (index) {
    case id:
        if (value >= 0xB0C0 && value <= newest_id)
            registers_[id] = value;
        return false;
    case x_resolution:
        if (!enabled() && value <= max_width && value % 8 == 0)
            registers_[index] = value;
        return false;
    case y_resolution:
        if (!enabled() && value <= max_height)
            registers_[index] = value;
        return false;
    case bits_per_pixel:
        if (!enabled() && (value == 0 || known_depth(value)))
            registers_[index] = value == 0 ? std::uint16_t{8} : value;
        return false;
    case enable: {
        const bool was = enabled();
        registers_[enable] = value & (enabled_bit | get_caps_bit | dac_8bit_bit | linear_bit | no_clear_bit);
        if (!enabled()) {
            registers_[bank] = 0;
            return false;
        }
        if (!mode_fits()) {
            registers_[enable] &= static_cast<std::uint16_t>(~enabled_bit);
            return false;
        }
        if (was)
            return false;
        registers_[virtual_width] = registers_[x_resolution];
        registers_[virtual_height] = static_cast<std::uint16_t>(rows_for(pitch()));
        registers_[x_offset] = registers_[y_offset] = registers_[bank] = 0;
        return (value & no_clear_bit) == 0;
    }
    case virtual_width: {
        const std::uint32_t rows = rows_for(bytes_for(value));
        if (value >= width() && value % 8 == 0 && rows >= height() && enabled()) {
            registers_[virtual_width] = value;
            registers_[virtual_height] = static_cast<std::uint16_t>(rows);
        }
        return false;
    }
    case bank:
    case x_offset:
    case y_offset:
        registers_[index] = value;
        return false;
    default:
        return false; // virtual height and memory size are computed
    }
}

void BochsVbe::save(StateWriter& writer) const {
    writer.version(1);
    writer.put(selected);
    for (const std::uint16_t value : registers_)
        writer.put(value);
}

void BochsVbe::load(StateReader& reader) {
    reader.version(1, 1);
    selected = reader.get<std::uint16_t>();
    for (std::uint16_t& value : registers_)
        value = reader.get<std::uint16_t>();
    registers_[memory_64k] = static_cast<std::uint16_t>(memory_ >> 16U);
    if (width() > max_width || height() > max_height || !known_depth(depth()) || width() % 8 != 0 ||
        (enabled() && (!mode_fits() || registers_[virtual_width] < width())))
        throw Error({}, "saved state of the VGA holds an impossible mode");
}

} // namespace ntferry::vmm
