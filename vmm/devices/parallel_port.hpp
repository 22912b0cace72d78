// ParallelPort: a standard (SPP) printer port with the bidirectional bit of the PS/2.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// IBM PS/2 Hardware Interface Technical Reference, Parallel Port; IEEE
// 1284-1994 compatibility mode. Left out: EPP and ECP.
#pragma once

#include "vmm/bus/backends.hpp"
#include "vmm/bus/clock.hpp"
#include "vmm/bus/device.hpp"
#include "vmm/bus/irq_line.hpp"
#include "vmm/bus/port_bus.hpp"

#include <string>

namespace ntferry::vmm {

class ParallelPort final : public Device, public PortDevice {
  public:
    /// Claims base to base + 2. @param printer nullptr: nothing is plugged in
    ParallelPort(PortBus& ports, std::uint16_t base, std::string name, Clock& clock, IrqLine& irq,
                 CharBackend* printer);
    ~ParallelPort() override;

    std::string_view name() const override { return name_; }
    void reset() override;
    void save(StateWriter& writer) const override;
    void load(StateReader& reader) override;
    std::uint32_t port_read(std::uint16_t port, unsigned width) override;
    void port_write(std::uint16_t port, unsigned width, std::uint32_t value) override;

  private:
    void strobe();
    void send();
    void acknowledge();
    std::uint8_t status() const;

    PortBus& ports_;
    std::uint16_t base_;
    std::string name_;
    Clock& clock_;
    IrqLine& irq_;
    CharBackend* printer_;
    Timer timer_;
    std::uint8_t data_ = 0;
    std::uint8_t control_ = 0;
    std::uint8_t latched_ = 0; ///< the byte that the strobe took
    bool busy_ = false;
    bool unsent_ = false; ///< the far end had no room for it yet
};

} // namespace ntferry::vmm
