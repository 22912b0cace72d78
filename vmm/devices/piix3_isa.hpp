// 82371SB (PIIX3) function 0: PCI-to-ISA bridge with PCI interrupt steering; port 92h.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Intel 82371FB/82371SB data sheet, order 290550-001, 2.2 (configuration registers), 2.5.1 (port 92h). The
// wiring of slots to PIRQ lines is that of every 440FX board: (slot - 1 + pin) modulo 4, which SeaBIOS knows.
#pragma once

#include "vmm/bus/irq_line.hpp"
#include "vmm/bus/pci.hpp"
#include "vmm/bus/port_bus.hpp"

#include <array>
#include <functional>

namespace ntferry::vmm {

class Piix3Isa final : public PciFunction, public PortDevice {
  public:
    /// @param isa_irq the wire of an ISA interrupt (shared: level, driven by this chip for PCI)
    /// @param reset called for a fast reset through port 92h
    /// @param pirq called with the level of a PIRQ line (0-3) when it changes, for an I/O APIC; may be empty
    Piix3Isa(PortBus& ports, std::function<IrqLine&(unsigned irq)> isa_irq, std::function<void()> reset,
             std::function<void(unsigned pirq, bool level)> pirq = {});

    /// The INTx# wire of a slot; pin 1 is INTA.
    IrqLine& interrupt(unsigned slot, unsigned pin);
    /// Where a PIRQ goes: an ISA IRQ, or 0 for nowhere.
    unsigned route(unsigned pirq) const;
    /// The A20 gate as port 92h has it; nothing looks at it but the guest.
    bool a20() const { return (port92_ & 2U) != 0; }
    void set_a20(bool on) { port92_ = static_cast<std::uint8_t>(on ? port92_ | 2U : port92_ & ~2U); }

    std::string_view name() const override { return "isa"; }
    void reset() override;
    void save(StateWriter& writer) const override;
    void load(StateReader& reader) override;
    std::uint32_t port_read(std::uint16_t port, unsigned width) override;
    void port_write(std::uint16_t port, unsigned width, std::uint32_t value) override;

  private:
    class Wire final : public IrqLine {
      public:
        void set(bool level) override {
            if (level != level_) {
                level_ = level;
                bridge->wire_changed(pirq, level);
            }
        }
        Piix3Isa* bridge = nullptr;
        unsigned pirq = 0;

      private:
        bool level_ = false;
    };
    void wire_changed(unsigned pirq, bool level);
    void config_written(std::uint8_t offset, unsigned width) override;
    void reset_config();
    void drive(unsigned irq);
    void drive_all();

    std::function<IrqLine&(unsigned)> isa_irq_;
    std::function<void()> reset_request_;
    std::function<void(unsigned, bool)> pirq_changed_;
    std::array<std::array<Wire, 4>, 32> wires_;
    std::array<unsigned, 4> active_{}; ///< wires of each PIRQ that are up
    std::array<bool, 16> driven_{};    ///< ISA interrupts that PCI holds up
    std::uint8_t port92_ = 0x02;
};

} // namespace ntferry::vmm
