// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/bus/port_bus.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ntferry::vmm {
namespace {

std::uint32_t load(const std::uint8_t* from, unsigned width) {
    std::uint32_t value = 0;
    for (unsigned i = 0; i < width; ++i)
        value |= static_cast<std::uint32_t>(from[i]) << (8U * i);
    return value;
}

void store(std::uint8_t* to, unsigned width, std::uint32_t value) {
    for (unsigned i = 0; i < width; ++i)
        to[i] = static_cast<std::uint8_t>(value >> (8U * i));
}

} // namespace

void PortDevice::port_read_block(std::uint16_t port, unsigned width, MutableByteView out) {
    for (std::size_t at = 0; at + width <= out.size(); at += width)
        store(out.data() + at, width, port_read(port, width));
}

void PortDevice::port_write_block(std::uint16_t port, unsigned width, ByteView data) {
    for (std::size_t at = 0; at + width <= data.size(); at += width)
        port_write(port, width, load(data.data() + at, width));
}

PortBus::PortBus() : claims_{{nullptr, {}}}, table_(std::make_unique<std::array<std::uint8_t, 65536>>()) {}

void PortBus::claim(std::uint16_t first, std::uint16_t count, PortDevice& device, std::string_view name) {
    for (std::uint32_t port = first; port < std::uint32_t{first} + count; ++port)
        if (port > 0xFFFF || (*table_)[port] != 0)
            throw Error(std::string(name), fmt::format("port {:04X}h belongs to {}", port,
                                                       port > 0xFFFF ? "nobody: it does not exist"
                                                                     : claims_[(*table_)[port]].name));
    auto at = std::find_if(claims_.begin(), claims_.end(),
                           [&](const Claim& claim) { return claim.device == &device && claim.name == name; });
    if (at == claims_.end()) {
        if (claims_.size() > 255)
            throw Error(std::string(name), "too many port devices");
        at = claims_.insert(claims_.end(), Claim{&device, std::string(name)});
    }
    const auto index = static_cast<std::uint8_t>(at - claims_.begin());
    std::fill_n(table_->begin() + first, count, index);
}

void PortBus::release(std::uint16_t first, std::uint16_t count, PortDevice& device) {
    for (std::uint32_t port = first; port < std::uint32_t{first} + count && port <= 0xFFFF; ++port)
        if (claims_[(*table_)[port]].device == &device)
            (*table_)[port] = 0;
}

bool PortBus::spans_owners(std::uint16_t port, unsigned width) const {
    const PortDevice* first = claims_[(*table_)[port]].device;
    for (unsigned i = 1; i < width; ++i)
        if (claims_[(*table_)[(port + i) & 0xFFFFU]].device != first)
            return true;
    return false;
}

std::uint32_t PortBus::read(std::uint16_t port, unsigned width) {
    if (width > 1 && spans_owners(port, width)) {
        std::uint32_t value = 0;
        for (unsigned i = 0; i < width; ++i)
            value |= read(static_cast<std::uint16_t>(port + i), 1) << (8U * i);
        return value;
    }
    PortDevice* device = claims_[(*table_)[port]].device;
    return device != nullptr ? device->port_read(port, width) : 0xFFFFFFFFU >> (32U - 8U * width);
}

void PortBus::write(std::uint16_t port, unsigned width, std::uint32_t value) {
    if (width > 1 && spans_owners(port, width)) {
        for (unsigned i = 0; i < width; ++i)
            write(static_cast<std::uint16_t>(port + i), 1, value >> (8U * i) & 0xFFU);
        return;
    }
    if (PortDevice* device = claims_[(*table_)[port]].device)
        device->port_write(port, width, value);
}

void PortBus::read_block(std::uint16_t port, unsigned width, MutableByteView out) {
    if (PortDevice* device = claims_[(*table_)[port]].device; device != nullptr && !spans_owners(port, width))
        return device->port_read_block(port, width, out);
    for (std::size_t at = 0; at + width <= out.size(); at += width)
        store(out.data() + at, width, read(port, width));
}

void PortBus::write_block(std::uint16_t port, unsigned width, ByteView data) {
    if (PortDevice* device = claims_[(*table_)[port]].device; device != nullptr && !spans_owners(port, width))
        return device->port_write_block(port, width, data);
    for (std::size_t at = 0; at + width <= data.size(); at += width)
        write(port, width, load(data.data() + at, width));
}

std::string_view PortBus::owner(std::uint16_t port) const {
    return claims_[(*table_)[port]].name;
}

} // namespace ntferry::vmm
