// PCI bus 0 behind configuration mechanism 1, and the reset control register that lies in its ports.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// PCI Local Bus Specification 2.1, 3.7.4.1 (configuration mechanism 1). 82371SB data sheet
// 290550-001, 2.5.1.2 (RC, reset control register, port CF9h).
#pragma once

#include "vmm/bus/device.hpp"
#include "vmm/bus/pci.hpp"
#include "vmm/bus/port_bus.hpp"

#include <array>
#include <functional>

namespace ntferry::vmm {

class PciBus final : public Device, public PortDevice {
  public:
    /// @param reset called when the guest asks for a reset through CF9h
    PciBus(PortBus& ports, std::function<void()> reset);

    /// @throws Error naming both functions when the address is taken
    void add(PciFunction& function, PciAddress address);
    PciFunction* find(PciAddress address) const;

    std::string_view name() const override { return "pci"; }
    void reset() override;
    void save(StateWriter& writer) const override;
    void load(StateReader& reader) override;
    std::uint32_t port_read(std::uint16_t port, unsigned width) override;
    void port_write(std::uint16_t port, unsigned width, std::uint32_t value) override;

  private:
    PciFunction* selected() const;
    void write_reset_control(std::uint8_t value);

    std::function<void()> reset_request_;
    std::array<PciFunction*, 256> functions_{}; ///< index: device * 8 + function
    std::uint32_t address_ = 0;                 ///< CONFADD
    std::uint8_t reset_control_ = 0;
};

} // namespace ntferry::vmm
