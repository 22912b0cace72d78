// DECchip 21140A Fast Ethernet LAN controller.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Digital Semiconductor 21140A Hardware Reference Manual, EC-QN7NF-TE; Digital Semiconductor 21X4 Serial ROM
// Format 4.09. NT 4.0 drives it with dc21x4.sys, which is on its CD; Linux with tulip. Subsystem IDs are
// those of the adapter that Virtual PC and Virtual Server offered, so that drivers which look at them find
// what they know.
//
// Left out: the boot ROM, the parallel SYM port (the media are an MII PHY), wake-up and sleep, early
// interrupts, back-off and collision behaviour (the wire is never busy).
//
// A frame waits for up to 50 ms for a descriptor before it is counted as missed (ReceiveWait).
#pragma once

#include "vmm/bus/backends.hpp"
#include "vmm/bus/clock.hpp"
#include "vmm/bus/collected_ports.hpp"
#include "vmm/bus/guest_memory.hpp"
#include "vmm/bus/irq_line.hpp"
#include "vmm/bus/pci.hpp"
#include "vmm/bus/pci_bar.hpp"
#include "vmm/devices/net/ethernet.hpp"
#include "vmm/devices/net/mii_phy.hpp"
#include "vmm/devices/net/receive_wait.hpp"
#include "vmm/devices/net/serial_rom.hpp"

#include <array>
#include <cstdint>
#include <string>

namespace ntferry::vmm::net {

class Dec21140 final : public PciFunction, public PortDevice, public MmioDevice, public NetReceiver {
  public:
    struct Config {
        std::string name; ///< "net0"
        MacAddress mac;
        WriteCollector* collector = nullptr; ///< outlives the card
    };

    Dec21140(Config config, PortBus& ports, MmioBus& mmio, GuestMemory& memory, Clock& clock, IrqLine& irq,
             NetBackend& network);
    ~Dec21140() override;

    std::string_view name() const override { return name_; }
    void reset() override;
    void save(StateWriter& writer) const override;
    void load(StateReader& reader) override;

    std::uint32_t port_read(std::uint16_t port, unsigned width) override;
    void port_write(std::uint16_t port, unsigned width, std::uint32_t value) override;
    std::uint64_t mmio_read(std::uint64_t offset, unsigned width) override;
    void mmio_write(std::uint64_t offset, unsigned width, std::uint64_t value) override;

    bool receive_frame(ByteView frame) override;
    void link_changed();

    /// The content of the serial ROM: identification, station address, one MII media block, both checksums.
    static std::array<std::uint8_t, SerialRom::bytes> serial_rom_content(const MacAddress& mac);

  protected:
    void config_written(std::uint8_t offset, unsigned width) override;

  private:
    struct Descriptor {
        std::uint32_t address = 0;
        std::array<std::uint32_t, 4> words{};
        std::uint32_t size1() const { return words[1] & 0x7FFU; }
        std::uint32_t size2() const;
    };

    // dec21140.cpp: registers
    void soft_reset();
    std::uint32_t csr_read(unsigned index);
    void csr_write(unsigned index, std::uint32_t value);
    void csr6_write(std::uint32_t value);
    void csr9_write(std::uint32_t value);
    void csr11_write(std::uint32_t value);
    void timer_expired();
    void raise(std::uint32_t status);
    void update_interrupt();
    void set_receive_state(std::uint32_t state);
    void set_transmit_state(std::uint32_t state);

    // dec21140_rings.cpp: descriptors, setup frames, filters, frames
    Descriptor load_descriptor(std::uint32_t address) const;
    std::uint32_t next_descriptor(const Descriptor& descriptor, std::uint32_t base) const;
    void poll_transmit();
    bool transmit_descriptor();
    void take_setup_frame(const Descriptor& descriptor);
    std::uint32_t send(ByteView frame);
    bool accepts(ByteView destination, bool& filter_failed) const;
    bool deliver(ByteView frame, bool filter_failed);
    void schedule_poll();

    std::string name_;
    GuestMemory& memory_;
    Clock& clock_;
    IrqLine& irq_;
    NetBackend& network_;
    PciIoBar io_bar_;
    PciMemoryBar memory_bar_;
    CollectedPorts collected_;

    std::array<std::uint32_t, 16> csr_{};
    SerialRom srom_;
    MiiPhy phy_{1};
    std::uint8_t gp_direction_ = 0; ///< CSR12: one bits are outputs
    std::uint8_t gp_output_ = 0;
    std::uint32_t receive_next_ = 0; ///< address of the next descriptor
    std::uint32_t transmit_next_ = 0;
    std::array<std::uint8_t, 192> setup_{}; ///< the last setup frame
    std::uint16_t missed_ = 0;
    bool missed_overflow_ = false;
    std::uint32_t partial_length_ = 0; ///< bytes in frame_ of a frame whose last descriptor is still to come
    std::array<std::uint8_t, 4096> frame_{};

    bool in_loop_ = false;
    Timer general_timer_;
    Timer poll_timer_;
    ReceiveWait receive_wait_;
};

} // namespace ntferry::vmm::net
