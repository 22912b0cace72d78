// 16550A serial port.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// National Semiconductor PC16550D data sheet (June 1995). Characters leave as fast as the far end takes them;
// only the receiver's time-out interrupt knows the speed of the line. Left out: DMA modes (no pins in a PC).
#pragma once

#include "vmm/bus/backends.hpp"
#include "vmm/bus/clock.hpp"
#include "vmm/bus/device.hpp"
#include "vmm/bus/irq_line.hpp"
#include "vmm/bus/port_bus.hpp"

#include <deque>
#include <string>

namespace ntferry::vmm {

class Uart16550 final : public Device, public PortDevice {
  public:
    /// @param line the far end, or nullptr for a port with nothing plugged in; lives longer than this
    Uart16550(std::string name, PortBus& ports, std::uint16_t base, Clock& clock, IrqLine& irq,
              CharBackend* line);
    ~Uart16550() override;

    std::string_view name() const override { return name_; }
    void reset() override;
    void save(StateWriter& writer) const override;
    void load(StateReader& reader) override;
    std::uint32_t port_read(std::uint16_t port, unsigned width) override;
    void port_write(std::uint16_t port, unsigned width, std::uint32_t value) override;

  private:
    std::uint8_t read_register(unsigned offset);
    void write_register(unsigned offset, std::uint8_t value);
    std::uint8_t read_receiver();
    std::uint8_t read_iir();
    std::uint8_t read_msr();
    void write_fcr(std::uint8_t value);
    void write_mcr(std::uint8_t value);
    void transmit(std::uint8_t value);
    void send();
    std::size_t receive(ByteView data);
    void push(std::uint8_t value);
    void line_settings();
    std::uint8_t modem_inputs() const;
    void update_modem();
    std::uint8_t pending() const;
    void update_irq();
    unsigned trigger() const;
    Nanoseconds character_time() const;
    bool fifos() const { return (fcr_ & 1U) != 0; }
    bool loopback() const { return (mcr_ & 0x10U) != 0; }
    std::size_t capacity() const { return fifos() ? 16 : 1; }

    std::string name_;
    std::uint16_t base_;
    Clock& clock_;
    IrqLine& irq_;
    CharBackend* line_;
    Timer timeout_; ///< characters below the trigger level wait for four character times
    std::deque<std::uint8_t> receiver_;
    std::deque<std::uint8_t> transmitter_;
    std::uint16_t divisor_ = 12;
    std::uint8_t ier_ = 0;
    std::uint8_t fcr_ = 0;
    std::uint8_t lcr_ = 0;
    std::uint8_t mcr_ = 0;
    std::uint8_t lsr_errors_ = 0; ///< OE and BI
    std::uint8_t msr_deltas_ = 0;
    std::uint8_t modem_ = 0; ///< last seen inputs, as in MSR bits 7-4
    std::uint8_t scratch_ = 0;
    bool thre_interrupt_ = false;
    bool timed_out_ = false;
};

} // namespace ntferry::vmm
