// TickLine: the interrupt line of a clock, which wants to know whether the last tick was taken.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "vmm/bus/irq_line.hpp"

#include <cstdint>

namespace ntferry::vmm {

/// A guest counts ticks: one that comes while the last still waits is lost unless it is sent again later.
class TickLine : public IrqLine {
  public:
    enum class Tick : std::uint8_t {
        taken,   ///< the processor has seen the last edge
        waiting, ///< it has not; another edge now would be lost
        masked,  ///< nobody listens: ticks are not owed
    };
    virtual Tick last_tick() const = 0;
};

} // namespace ntferry::vmm
