// IdeChannel: one IDE cable: command block and control ports, drive selection, the interrupt wire.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// ANSI NCITS 317-1998 (ATA/ATAPI-4), clause 7 and 9.16 (device 0 only configurations).
#pragma once

#include "vmm/bus/clock.hpp"
#include "vmm/bus/irq_line.hpp"
#include "vmm/bus/port_bus.hpp"
#include "vmm/devices/ide/bus_master.hpp"
#include "vmm/devices/ide/ide_drive.hpp"

#include <array>
#include <memory>

namespace ntferry::vmm {

/// Up to two drives behind eight command ports and one control port.
class IdeChannel final : public PortDevice, public IdeCable {
  public:
    struct Ports {
        std::uint16_t command; ///< 1F0h or 170h, eight ports
        std::uint16_t control; ///< 3F6h or 376h
    };

    /// @param interrupt_delay time between the end of an operation and INTRQ. Some drivers lose an interrupt
    /// that comes before they have left the code that started the command (VirtualBox manual 3.0, 11.2.3).
    IdeChannel(Ports ports, IrqLine& irq, Clock& clock, BusMaster& bus_master, Nanoseconds interrupt_delay);

    const Ports& ports() const { return ports_; }
    /// Plugs a drive in as master (0) or slave (1), replacing what was there.
    void attach(unsigned unit, std::unique_ptr<IdeDrive> drive);
    /// BMISTA bits 5 and 6 for the drives present.
    std::uint8_t dma_capable_bits() const;

    void reset();
    std::uint32_t port_read(std::uint16_t port, unsigned width) override;
    void port_write(std::uint16_t port, unsigned width, std::uint32_t value) override;
    void port_read_block(std::uint16_t port, unsigned width, MutableByteView out) override;
    void port_write_block(std::uint16_t port, unsigned width, ByteView data) override;
    /// The bus master was started: goes on where a drive waits for it.
    void bus_master_started();
    /// The selected drive waits for words at the data port. A machine that lets its hypervisor collect port
    /// writes has to fetch them soon.
    bool expects_data() const;

    void interrupt(IdeDrive& drive) override;
    void dma_request(IdeDrive& drive) override;

    void save(StateWriter& writer) const;
    void load(StateReader& reader);

  private:
    IdeDrive* selected() const { return drives_[selected_].get(); }
    std::uint8_t read_register(unsigned offset);
    std::uint8_t status() const;
    void write_register(unsigned offset, std::uint8_t value);
    void write_control(std::uint8_t value);
    void execute(std::uint8_t command);
    void assert_interrupt();
    void set_pending(unsigned unit, bool pending);
    void update_line();

    Ports ports_;
    IrqLine& irq_;
    Clock& clock_;
    BusMaster& bus_master_;
    Nanoseconds interrupt_delay_;
    Timer interrupt_timer_;
    std::array<std::unique_ptr<IdeDrive>, 2> drives_;
    std::uint8_t selected_ = 0;
    std::uint8_t control_ = 0;
    std::uint8_t pending_ = 0; ///< bit n: drive n asserts INTRQ
    std::uint8_t delayed_ = 0; ///< bit n: drive n will when interrupt_timer_ fires
    bool line_ = false;
    bool moving_ = false; ///< inside dma_request(): a drive may ask again from there
};

} // namespace ntferry::vmm
