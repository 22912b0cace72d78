// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/bus/pci.hpp"

#include <algorithm>

namespace ntferry::vmm {

std::uint32_t PciFunction::config_read(std::uint8_t offset, unsigned width) const {
    std::uint32_t value = 0;
    for (unsigned i = 0; i < width; ++i)
        value |= static_cast<std::uint32_t>(config_[(offset + i) & 0xFFU]) << (8U * i);
    return value;
}

void PciFunction::config_write(std::uint8_t offset, unsigned width, std::uint32_t value) {
    for (unsigned i = 0; i < width; ++i) {
        const std::size_t at = (offset + i) & 0xFFU;
        const auto byte = static_cast<std::uint8_t>(value >> (8U * i));
        const std::uint8_t mask = write_mask_[at];
        config_[at] = static_cast<std::uint8_t>((config_[at] & ~mask) | (byte & mask));
        config_[at] = static_cast<std::uint8_t>(config_[at] & ~(byte & w1c_mask_[at]));
    }
    config_written(offset, width);
}

void PciFunction::reset_header(std::uint16_t vendor, std::uint16_t device_id, std::uint32_t class_code,
                               std::uint8_t revision) {
    config_.fill(0);
    write_mask_.fill(0);
    w1c_mask_.fill(0);
    store_le<std::uint16_t>(config_, 0x00, vendor);
    store_le<std::uint16_t>(config_, 0x02, device_id);
    config_[0x08] = revision;
    config_[0x09] = static_cast<std::uint8_t>(class_code);
    config_[0x0A] = static_cast<std::uint8_t>(class_code >> 8U);
    config_[0x0B] = static_cast<std::uint8_t>(class_code >> 16U);
    store_le<std::uint16_t>(write_mask_, 0x04, 0x0147); // I/O, memory, bus master, parity response, SERR#
    store_le<std::uint16_t>(w1c_mask_, 0x06, 0xF900);   // the error bits of the status register
    write_mask_[0x0D] = 0xFF;                           // latency timer
    write_mask_[0x3C] = 0xFF;                           // interrupt line
}

void PciFunction::save_config(StateWriter& writer) const {
    writer.put_bytes(config_);
}

void PciFunction::load_config(StateReader& reader) {
    std::array<std::uint8_t, config_size> stored{};
    reader.get_bytes(stored);
    // Bits that no write can change are a property of the device, not of the state.
    for (std::size_t i = 0; i < config_size; ++i) {
        const auto mask = static_cast<std::uint8_t>(write_mask_[i] | w1c_mask_[i]);
        config_[i] = static_cast<std::uint8_t>((config_[i] & ~mask) | (stored[i] & mask));
    }
}

} // namespace ntferry::vmm
