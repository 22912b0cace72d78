// IsaLines: the sixteen interrupt wires of the PC, to the 8259A pair and, where there is one, to the I/O
// APIC. SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "vmm/devices/ioapic.hpp"
#include "vmm/devices/pic8259.hpp"

#include <array>

namespace ntferry::vmm {

class IsaLines {
  public:
    IsaLines(PicPair& pic, IoApic* io_apic) {
        for (unsigned irq = 0; irq < wires_.size(); ++irq) {
            wires_[irq].pic = &pic.line(irq);
            wires_[irq].io_apic = io_apic;
            // The 8254 is on INTIN2, as the MP table says (MultiProcessor Specification 1.4, 5.1).
            wires_[irq].pin = irq == 0 ? 2 : irq;
        }
    }
    TickLine& line(unsigned irq) { return wires_[irq & 15U]; }

  private:
    struct Wire final : TickLine {
        void set(bool level) override {
            pic->set(level);
            if (io_apic != nullptr)
                io_apic->set_pin(pin, level);
        }
        Tick last_tick() const override {
            const Tick tick = pic->last_tick();
            // Local APICs do not say what they have delivered.
            return tick == Tick::masked && io_apic != nullptr && !io_apic->masked(pin) ? Tick::taken : tick;
        }
        TickLine* pic = nullptr;
        IoApic* io_apic = nullptr;
        unsigned pin = 0;
    };
    std::array<Wire, 16> wires_;
};

} // namespace ntferry::vmm
