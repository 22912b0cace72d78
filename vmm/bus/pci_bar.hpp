// Base address registers: claims on a bus that move as the guest programs them.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// PCI Local Bus Specification 2.1, 6.2.5.1.
#pragma once

#include "vmm/bus/mmio_bus.hpp"
#include "vmm/bus/port_bus.hpp"

#include <cstdint>
#include <string>

namespace ntferry::vmm {

/// The decoder behind an I/O BAR. A guest may put it where another device sits: then it answers nowhere until
/// moved.
class PciIoBar {
  public:
    /// @param size ports, a power of two of at least 4
    PciIoBar(PortBus& bus, PortDevice& device, std::string name, std::uint16_t size);
    ~PciIoBar() { update(0, false); }
    PciIoBar(const PciIoBar&) = delete;
    PciIoBar& operator=(const PciIoBar&) = delete;

    /// What the register's write mask has to be.
    std::uint32_t write_mask() const { return ~(std::uint32_t{size_} - 1U); }
    /// To be called after every write to the register or to the command register.
    void update(std::uint32_t bar, bool io_enabled);
    /// First port, 0 while unmapped.
    std::uint16_t base() const { return base_; }

  private:
    PortBus& bus_;
    PortDevice& device_;
    std::string name_;
    std::uint16_t size_;
    std::uint16_t base_ = 0;
};

/// The decoder behind a 32-bit memory BAR, likewise.
class PciMemoryBar {
  public:
    /// @param size bytes, a power of two of at least 16
    PciMemoryBar(MmioBus& bus, MmioDevice& device, std::string name, std::uint32_t size);
    ~PciMemoryBar() { update(0, false); }
    PciMemoryBar(const PciMemoryBar&) = delete;
    PciMemoryBar& operator=(const PciMemoryBar&) = delete;

    std::uint32_t write_mask() const { return ~(size_ - 1U); }
    void update(std::uint32_t bar, bool memory_enabled);
    std::uint32_t base() const { return base_; }

  private:
    MmioBus& bus_;
    MmioDevice& device_;
    std::string name_;
    std::uint32_t size_;
    std::uint32_t base_ = 0;
};

} // namespace ntferry::vmm
