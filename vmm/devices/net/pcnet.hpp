// AMD Am79C970A "PCnet-PCI II" Ethernet controller.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// AMD publication 19436 Rev. E, June 2000. NT 4.0 drives it with amdpcn.sys, which is on its CD; Linux with
// pcnet32.
//
// Left out: the expansion ROM, the serial EEPROM interface (the address PROM is filled by the machine), Magic
// Packet and sleep, the collision and deferral behaviour of a shared medium (the wire is never busy),
// look-ahead packet processing (LAPPEN is kept, frames are delivered whole), big-endian byte swapping (BSWP;
// no x86 driver uses it).
//
// Where a real chip drops a frame because the driver has not yet given back a descriptor, the model lets the
// network wait for up to 50 ms first: a guest whose processor was taken away by the host is not a guest that
// is too slow.
#pragma once

#include "vmm/bus/backends.hpp"
#include "vmm/bus/clock.hpp"
#include "vmm/bus/collected_ports.hpp"
#include "vmm/bus/guest_memory.hpp"
#include "vmm/bus/irq_line.hpp"
#include "vmm/bus/pci.hpp"
#include "vmm/bus/pci_bar.hpp"
#include "vmm/devices/net/ethernet.hpp"
#include "vmm/devices/net/receive_wait.hpp"

#include <array>
#include <cstdint>
#include <string>

namespace ntferry::vmm::net {

class Pcnet final : public PciFunction, public PortDevice, public MmioDevice, public NetReceiver {
  public:
    struct Config {
        std::string name; ///< "net0"
        MacAddress mac;
        WriteCollector* collector = nullptr; ///< outlives the card
    };

    Pcnet(Config config, PortBus& ports, MmioBus& mmio, GuestMemory& memory, Clock& clock, IrqLine& irq,
          NetBackend& network);
    ~Pcnet() override;

    std::string_view name() const override { return config_name_; }
    void reset() override;
    void save(StateWriter& writer) const override;
    void load(StateReader& reader) override;

    std::uint32_t port_read(std::uint16_t port, unsigned width) override;
    void port_write(std::uint16_t port, unsigned width, std::uint32_t value) override;
    std::uint64_t mmio_read(std::uint64_t offset, unsigned width) override;
    void mmio_write(std::uint64_t offset, unsigned width, std::uint64_t value) override;

    bool receive_frame(ByteView frame) override;
    /// The cable was plugged in or pulled out: BCR4 shows it.
    void link_changed();

  protected:
    void config_written(std::uint8_t offset, unsigned width) override;

  private:
    /// A descriptor in any software style, in one form.
    struct Descriptor {
        std::uint64_t address = 0; ///< of the descriptor itself
        std::uint32_t buffer = 0;
        std::uint16_t status = 0; ///< OWN, ERR, ... STP, ENP
        std::uint16_t length = 0; ///< bytes of the buffer, 1-4096
    };
    struct Ring {
        std::uint32_t base = 0;
        std::uint32_t length = 1; ///< descriptors, 1-65535
        std::uint32_t current = 0;
    };

    // pcnet.cpp: registers
    void soft_reset();
    void update_interrupt();
    void raise(std::uint16_t csr0_bits);
    std::uint32_t register_read(std::uint32_t offset, unsigned width);
    void register_write(std::uint32_t offset, unsigned width, std::uint32_t value);
    std::uint16_t csr_read(std::uint16_t index) const;
    void csr_write(std::uint16_t index, std::uint16_t value);
    void csr0_write(std::uint16_t value);
    std::uint16_t bcr_read(std::uint16_t index) const;
    void bcr_write(std::uint16_t index, std::uint16_t value);
    bool stopped_or_suspended() const;
    bool dwio() const;
    unsigned software_style() const;

    // pcnet_rings.cpp: initialisation block, descriptors, frames
    void read_initialization_block();
    Ring receive_ring() const;
    Ring transmit_ring() const;
    std::uint32_t descriptor_size() const { return software_style() == 0 ? 8 : 16; }
    Descriptor load_descriptor(const Ring& ring, std::uint32_t index) const;
    void store_receive_status(const Descriptor& descriptor, std::uint16_t message_length);
    void store_transmit_status(const Descriptor& descriptor, std::uint16_t errors);
    void poll_transmit();
    bool transmit_one(Ring& ring);
    void transmitted(const Descriptor& last, std::uint16_t errors, bool wants_interrupt);
    void loop_back(ByteView frame, bool with_fcs);
    /// Status bits of an address match, 0 when the frame is not for this station, PROM alone gives rmd_stp.
    std::uint16_t match_address(ByteView frame) const;
    bool deliver(ByteView frame, std::uint16_t match, bool append_fcs);
    void schedule_poll(bool busy);

    std::string config_name_;
    MacAddress mac_;
    GuestMemory& memory_;
    Clock& clock_;
    IrqLine& irq_;
    NetBackend& network_;
    PciIoBar io_bar_;
    PciMemoryBar memory_bar_;
    CollectedPorts collected_;

    std::array<std::uint8_t, 16> aprom_{};
    std::array<std::uint16_t, 128> csr_{};
    std::array<std::uint16_t, 32> bcr_{};
    std::uint16_t rap_ = 0;
    std::uint32_t receive_current_ = 0; ///< index of the next descriptor
    std::uint32_t transmit_current_ = 0;

    // Host side only, not part of the state.
    std::array<std::uint8_t, 4096> frame_{};
    bool in_loop_ = false;
    Nanoseconds poll_interval_ = 0;
    Timer poll_timer_;
    ReceiveWait receive_wait_;
};

} // namespace ntferry::vmm::net
