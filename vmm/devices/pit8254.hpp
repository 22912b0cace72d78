// 8254 programmable interval timer with port 61h (NMI status and control, speaker gate).
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Intel 8254 data sheet (order 231164-005): modes, read-back, reading on the fly. 82371SB data sheet 2.5.2.
// Counter 0 drives IRQ0, counter 1 is the refresh timer, counter 2 has a gate and an output in port 61h.
//
// NT counts ticks. A tick that comes due while the last one has not been taken is owed and sent later, at
// most at twice the programmed rate, and at most one second's worth of them.
#pragma once

#include "vmm/bus/clock.hpp"
#include "vmm/bus/device.hpp"
#include "vmm/bus/port_bus.hpp"
#include "vmm/devices/tick_line.hpp"

#include <array>
#include <cstdint>

namespace ntferry::vmm {

/// One counter of the 8254, in ticks of its input clock. Computes its state from the time; owns no timer.
class PitCounter {
  public:
    /// CLK pulses since power-on.
    using Ticks = std::int64_t;

    void reset();
    void write_control(std::uint8_t control, Ticks now); ///< RW not 0: not a latch command
    void write(std::uint8_t value, Ticks now);
    std::uint8_t read(Ticks now);
    void latch_count(Ticks now);
    void latch_status(Ticks now);
    void set_gate(bool gate, Ticks now);
    bool gate() const { return gate_; }
    bool out(Ticks now) const;
    /// When OUT rises next after a time; a negative value: never.
    Ticks next_rise(Ticks after) const;
    /// CLK pulses from one rise to the next; 0 in the modes that do not repeat.
    Ticks period() const;
    /// A new count waiting for the end of the running cycle takes over.
    void settle(Ticks now);

    void save(StateWriter& writer) const;
    void load(StateReader& reader);

  private:
    std::uint16_t count(Ticks now) const;
    std::uint16_t encode(std::uint32_t value) const;
    void load_count(std::uint32_t initial, Ticks now);
    void start(std::uint32_t initial, Ticks at);
    bool periodic() const { return mode_ == 2 || mode_ == 3; }
    Ticks elapsed(Ticks now) const;
    Ticks cycle_end(Ticks now) const;

    std::uint8_t mode_ = 0;
    std::uint8_t access_ = 3; ///< RW: 1 low byte, 2 high byte, 3 both
    bool bcd_ = false;
    bool gate_ = true;
    bool loaded_ = false;          ///< counting has begun since the control word
    std::uint32_t initial_ = 0;    ///< N: 1-65536 (10000 in BCD); 0 none yet
    std::uint32_t waiting_ = 0;    ///< count for the next (half) cycle; 0 none
    Ticks waiting_end_ = 0;        ///< when it takes over
    bool waiting_at_half_ = false; ///< ... in the middle of a mode 3 cycle
    Ticks start_ = 0;              ///< CLK at which N was loaded
    Ticks paused_at_ = -1;         ///< elapsed ticks when the gate stopped the count; negative: it runs
    bool write_high_next_ = false;
    std::uint8_t write_low_ = 0;
    bool read_high_next_ = false;
    std::uint8_t latched_bytes_ = 0; ///< how many latched count bytes are still to be read
    std::uint16_t latched_count_ = 0;
    bool status_latched_ = false;
    std::uint8_t latched_status_ = 0;
};

class Pit8254 final : public Device, public PortDevice {
  public:
    static constexpr std::uint64_t hertz = 1193182;

    Pit8254(PortBus& ports, Clock& clock, TickLine& irq0);

    /// Ticks owed to the guest.
    std::int64_t owed_ticks() const { return owed_; }
    std::string_view name() const override { return "pit"; }
    void reset() override;
    void save(StateWriter& writer) const override;
    void load(StateReader& reader) override;
    std::uint32_t port_read(std::uint16_t port, unsigned width) override;
    void port_write(std::uint16_t port, unsigned width, std::uint32_t value) override;

  private:
    using Ticks = PitCounter::Ticks;
    Ticks ticks() const;
    std::uint8_t read8(std::uint16_t port);
    void write8(std::uint16_t port, std::uint8_t value);
    void write_command(std::uint8_t value);
    std::uint8_t read_port61() const;
    void write_port61(std::uint8_t value);
    void rearm();
    void tick_due();
    void catch_up();
    void send_tick();

    Clock& clock_;
    TickLine& irq0_;
    Timer tick_;
    Timer extra_; ///< sends an owed tick between two regular ones
    std::array<PitCounter, 3> counters_;
    Ticks next_tick_ = -1;
    std::int64_t owed_ = 0;
    std::uint8_t port61_ = 0; ///< the bits that are written: 0-3
};

} // namespace ntferry::vmm
