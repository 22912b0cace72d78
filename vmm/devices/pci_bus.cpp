// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/devices/pci_bus.hpp"

#include <fmt/format.h>

namespace ntferry::vmm {
namespace {

constexpr std::uint16_t PORT_CONFADD = 0xCF8;
constexpr std::uint16_t PORT_RC = 0xCF9;
constexpr std::uint16_t PORT_CONFDATA = 0xCFC;
constexpr std::uint32_t CONFADD_ENABLE = 0x80000000;
constexpr std::uint32_t CONFADD_WRITABLE = 0x80FFFFFC;
constexpr std::uint8_t RC_RESET_CPU = 0x04;
constexpr std::uint8_t RC_WRITABLE = 0x02; // system reset enable; RCPU reads back as 0

std::size_t index_of(PciAddress address) {
    return (address.device & 31U) * 8U + (address.function & 7U);
}

std::uint32_t ones(unsigned width) {
    return 0xFFFFFFFFU >> (32U - 8U * width);
}

} // namespace

PciBus::PciBus(PortBus& ports, std::function<void()> reset) : reset_request_(std::move(reset)) {
    ports.claim(PORT_CONFADD, 8, *this, name());
}

void PciBus::add(PciFunction& function, PciAddress address) {
    PciFunction*& place = functions_[index_of(address)];
    if (place != nullptr)
        throw Error(std::string(function.name()), fmt::format("PCI slot {}.{} belongs to {}", address.device,
                                                              address.function, place->name()));
    place = &function;
}

PciFunction* PciBus::find(PciAddress address) const {
    return functions_[index_of(address)];
}

PciFunction* PciBus::selected() const {
    // Bus 0 is the only one; a device without function 0 does not answer at all.
    if ((address_ & CONFADD_ENABLE) == 0 || (address_ >> 16U & 0xFFU) != 0)
        return nullptr;
    return functions_[address_ >> 8U & 0xFFU];
}

void PciBus::reset() {
    address_ = 0;
    reset_control_ = 0;
}

void PciBus::write_reset_control(std::uint8_t value) {
    const bool rising = (value & RC_RESET_CPU) != 0 && (reset_control_ & RC_RESET_CPU) == 0;
    reset_control_ = value & (RC_WRITABLE | RC_RESET_CPU);
    if (rising)
        reset_request_();
}

std::uint32_t PciBus::port_read(std::uint16_t port, unsigned width) {
    if (port >= PORT_CONFDATA) {
        const auto at = static_cast<std::uint8_t>((address_ & 0xFCU) | (port & 3U));
        const PciFunction* function = selected();
        if (function == nullptr || (port & 3U) + width > 4)
            return ones(width);
        return function->config_read(at, width);
    }
    if (port == PORT_CONFADD && width == 4)
        return address_;
    if (port == PORT_RC && width == 1)
        return reset_control_ & RC_WRITABLE;
    return ones(width); // the register answers dwords only
}

void PciBus::port_write(std::uint16_t port, unsigned width, std::uint32_t value) {
    if (port >= PORT_CONFDATA) {
        const auto at = static_cast<std::uint8_t>((address_ & 0xFCU) | (port & 3U));
        if (PciFunction* function = selected(); function != nullptr && (port & 3U) + width <= 4)
            function->config_write(at, width, value);
    } else if (port == PORT_CONFADD && width == 4) {
        address_ = value & CONFADD_WRITABLE;
    } else if (port == PORT_RC && width == 1) {
        write_reset_control(static_cast<std::uint8_t>(value));
    }
}

void PciBus::save(StateWriter& writer) const {
    writer.version(1);
    writer.put(address_);
    writer.put(reset_control_);
}

void PciBus::load(StateReader& reader) {
    reader.version(1, 1);
    address_ = reader.get<std::uint32_t>() & CONFADD_WRITABLE;
    reset_control_ = reader.get<std::uint8_t>() & (RC_WRITABLE | RC_RESET_CPU);
}

} // namespace ntferry::vmm
