// PiixIde: the IDE function of the PIIX3: configuration space, bus master registers and two channels.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Intel 82371FB/82371SB (PIIX/PIIX3) data sheet, order 290550, 2.3 (PCI configuration, function 1) and 2.7.
#pragma once

#include "vmm/bus/clock.hpp"
#include "vmm/bus/pci.hpp"
#include "vmm/bus/port_bus.hpp"
#include "vmm/devices/ide/ide_channel.hpp"

#include <array>
#include <functional>
#include <memory>

namespace ntferry::vmm {

struct PiixIdeOptions {
    Nanoseconds interrupt_delay = 0; ///< see IdeChannel
    /// Called with the I/O base of the bus master registers when it changes, with 0 when they are not
    /// decoded.
    std::function<void(std::uint16_t)> bus_master_moved = {};
};

/// 8086:7010 with channels at 1F0h/3F6h (irq14) and 170h/376h (irq15).
///
/// Two things come out of reset as a BIOS of the time left them, because NT's atapi.sys asks for them before
/// it uses DMA and SeaBIOS does not set them (Microsoft Q158873): bus mastering is enabled and the bus
/// master status registers say which drives can do DMA. The channels are decoded from reset on, so that
/// firmware that knows nothing of PCI can use them.
class PiixIde final : public PciFunction, public PortDevice {
  public:
    PiixIde(PortBus& ports, GuestMemory& memory, Clock& clock, IrqLine& irq14, IrqLine& irq15,
            PiixIdeOptions options = {});
    ~PiixIde() override;

    /// @param channel 0 primary, 1 secondary; @param unit 0 master, 1 slave. Resets the channel.
    void attach(unsigned channel, unsigned unit, std::unique_ptr<IdeDrive> drive);
    /// A drive waits for words that may still be in a ring of the hypervisor.
    bool expects_data() const;

    std::string_view name() const override { return "ide"; }
    void reset() override;
    void save(StateWriter& writer) const override;
    void load(StateReader& reader) override;

    std::uint32_t port_read(std::uint16_t port, unsigned width) override;
    void port_write(std::uint16_t port, unsigned width, std::uint32_t value) override;

  private:
    struct Side {
        Side(IdeChannel::Ports ports, GuestMemory& memory, Clock& clock, IrqLine& irq, Nanoseconds delay)
            : bus_master(memory), channel(ports, irq, clock, bus_master, delay) {}
        BusMaster bus_master;
        IdeChannel channel;
        bool claimed = false;
    };

    void config_written(std::uint8_t offset, unsigned width) override;
    void reset_config();
    void update_decoding();
    void decode_channel(Side& side, bool on);
    void decode_bus_master(std::uint16_t base);
    bool free_ports(std::uint16_t first, unsigned count) const;

    PortBus& ports_;
    std::array<std::unique_ptr<Side>, 2> sides_;
    std::uint16_t bus_master_base_ = 0; ///< 0: not decoded
    std::function<void(std::uint16_t)> bus_master_moved_;
};

} // namespace ntferry::vmm
