// 8259A programmable interrupt controller, and the pair of them in a PC with the PIIX3's ELCR.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Intel 8259A data sheet (order 231468-003); 82371SB (PIIX3) data sheet 290550-001, 2.5.4 (interrupt
// registers), ELCR1/ELCR2. Left out: MCS-80 mode, buffered mode (no pins here). As in every PC chipset, an
// edge that was latched is kept when the line falls, so that pulses sent to a masked input survive.
#pragma once

#include "vmm/bus/device.hpp"
#include "vmm/bus/port_bus.hpp"
#include "vmm/devices/tick_line.hpp"

#include <array>
#include <cstdint>
#include <functional>

namespace ntferry::vmm {

/// One 8259A.
class Pic8259 {
  public:
    void reset();
    void set_input(unsigned input, bool level);
    /// The INT pin.
    bool output() const { return highest_request() >= 0; }
    /// What the chip would answer an INTA with: 0-7, or -1 for nothing (a spurious 7).
    int highest_request() const;
    /// The INTA sequence; returns the input, 7 when the request has gone.
    unsigned acknowledge();
    /// An unmasked request waits for the end of what is in service.
    bool held_back() const { return (irr() & ~imr_) != 0 && highest_request() < 0; }
    std::uint8_t vector(unsigned input) const { return static_cast<std::uint8_t>(vector_base_ | input); }

    std::uint8_t read(unsigned a0);
    void write(unsigned a0, std::uint8_t value);
    std::uint8_t elcr() const { return level_mask_; }
    void set_elcr(std::uint8_t mask) { level_mask_ = mask; }

    std::uint8_t irr() const;
    std::uint8_t isr() const { return isr_; }
    std::uint8_t imr() const { return imr_; }
    /// The master of a pair: an interrupt of the slave in service does not block its next one in special
    /// fully nested mode.
    void set_cascade(bool master) { master_ = master; }

    void save(StateWriter& writer) const;
    void load(StateReader& reader);

  private:
    void write_command(std::uint8_t value);
    void operation(std::uint8_t value);
    void initialise(std::uint8_t icw1);
    void clear_in_service(unsigned input) { isr_ = static_cast<std::uint8_t>(isr_ & ~(1U << input)); }
    int highest_in_service() const;

    bool master_ = false;
    std::uint8_t lines_ = 0;      ///< levels of the inputs
    std::uint8_t latch_ = 0;      ///< edges seen and not acknowledged
    std::uint8_t level_mask_ = 0; ///< ELCR: a one is level triggered
    std::uint8_t imr_ = 0;
    std::uint8_t isr_ = 0;
    std::uint8_t vector_base_ = 0;
    std::uint8_t lowest_ = 7; ///< input with the lowest priority
    std::uint8_t next_icw_ = 0;
    bool icw4_wanted_ = false;
    bool auto_eoi_ = false;
    bool rotate_on_auto_eoi_ = false;
    bool special_mask_ = false;
    bool special_nested_ = false;
    bool read_isr_ = false;
    bool poll_ = false;
};

/// Master at 20h, slave at A0h on its input 2, ELCR at 4D0h. Inputs are numbered 0-15 as IRQs.
class PicPair final : public Device, public PortDevice {
  public:
    /// @param intr the processor's INTR pin
    /// @param on_held_back called when a line's request begins to be held_back()
    PicPair(PortBus& ports, IrqLine& intr, std::function<void()> on_held_back = {});

    /// The wire of one IRQ. Input 2 belongs to the slave: a wire to it is accepted and has no effect.
    TickLine& line(unsigned irq) { return wires_[irq & 15U]; }
    bool interrupt_pending() const { return master_.output(); }
    /// A request that would interrupt waits for an EOI: who collects EOIs has to look for it.
    bool held_back() const;
    /// The INTA cycle of the processor: the vector.
    std::uint8_t acknowledge();
    const Pic8259& chip(unsigned number) const { return number == 0 ? master_ : slave_; }

    std::string_view name() const override { return "pic"; }
    void reset() override;
    void save(StateWriter& writer) const override;
    void load(StateReader& reader) override;
    std::uint32_t port_read(std::uint16_t port, unsigned width) override;
    void port_write(std::uint16_t port, unsigned width, std::uint32_t value) override;

  private:
    class Wire final : public TickLine {
      public:
        void set(bool level) override;
        Tick last_tick() const override;
        PicPair* pair = nullptr;
        unsigned irq = 0;
    };
    void set_irq(unsigned irq, bool level);
    void update();
    std::uint8_t read8(std::uint16_t port);
    void write8(std::uint16_t port, std::uint8_t value);

    IrqLine& intr_;
    std::function<void()> on_held_back_;
    Pic8259 master_;
    Pic8259 slave_;
    std::array<Wire, 16> wires_;
};

} // namespace ntferry::vmm
