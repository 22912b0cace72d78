// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/bus/pci_bar.hpp"

#include <utility>

namespace ntferry::vmm {

PciIoBar::PciIoBar(PortBus& bus, PortDevice& device, std::string name, std::uint16_t size)
    : bus_(bus), device_(device), name_(std::move(name)), size_(size) {}

void PciIoBar::update(std::uint32_t bar, bool io_enabled) {
    const std::uint32_t address = bar & write_mask();
    // While the BAR is being sized it holds all ones; x86 has 64 Ki ports.
    const bool reachable = io_enabled && address != 0 && address <= 0xFFFFU;
    const auto base = static_cast<std::uint16_t>(reachable ? address : 0);
    if (base == base_)
        return;
    if (base_ != 0)
        bus_.release(base_, size_, device_);
    base_ = 0;
    if (base == 0)
        return;
    try {
        bus_.claim(base, size_, device_, name_);
        base_ = base;
    } catch (const Error&) {
        // The guest put it over another device.
    }
}

PciMemoryBar::PciMemoryBar(MmioBus& bus, MmioDevice& device, std::string name, std::uint32_t size)
    : bus_(bus), device_(device), name_(std::move(name)), size_(size) {}

void PciMemoryBar::update(std::uint32_t bar, bool memory_enabled) {
    const std::uint32_t address = bar & write_mask();
    const std::uint32_t base = memory_enabled && address != write_mask() ? address : 0;
    if (base == base_)
        return;
    if (base_ != 0)
        bus_.release(base_, device_);
    base_ = 0;
    if (base == 0)
        return;
    try {
        bus_.claim(base, size_, device_, name_);
        base_ = base;
    } catch (const Error&) {
        // The guest put it over another device.
    }
}

} // namespace ntferry::vmm
