// MC146818A real-time clock with 128 bytes of CMOS memory at ports 70h and 71h.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Motorola MC146818A data sheet (ADI1034R1); 82371SB data sheet 2.5.3 (port 70h bit 7 is NMI enable). Byte
// 32h is the century as on every PC, advanced with the year. Left out: square wave output, daylight saving.
//
// NT's MPS HAL takes its clock from the periodic interrupt. A period that comes due while register C of the
// last one was not read is owed and sent later, at most at twice the rate and at most one second's worth.
#pragma once

#include "vmm/bus/clock.hpp"
#include "vmm/bus/device.hpp"
#include "vmm/bus/port_bus.hpp"
#include "vmm/devices/tick_line.hpp"

#include <array>
#include <cstdint>

namespace ntferry::vmm {

class RtcMc146818 final : public Device, public PortDevice {
  public:
    /// @param initial_time seconds since 1970-01-01 00:00 on the wall of the guest (local time or UTC) when
    /// the clock shows 0
    RtcMc146818(PortBus& ports, Clock& clock, TickLine& irq8, std::int64_t initial_time);

    /// CMOS bytes as the firmware set-up writes them; index 0-127. The clock's own bytes (0-0Dh, 32h) are not
    /// to be written here.
    std::uint8_t cmos(std::uint8_t index) const { return cmos_[index & 0x7FU]; }
    void set_cmos(std::uint8_t index, std::uint8_t value) { cmos_[index & 0x7FU] = value; }
    /// Sets calendar and clock, in the mode that register B has.
    void set_time(std::int64_t seconds_since_1970);

    std::string_view name() const override { return "rtc"; }
    /// The reset pin: clears interrupt enables and flags; battery-backed time and memory stay.
    void reset() override;
    void save(StateWriter& writer) const override;
    void load(StateReader& reader) override;
    std::uint32_t port_read(std::uint16_t port, unsigned width) override;
    void port_write(std::uint16_t port, unsigned width, std::uint32_t value) override;

  private:
    std::uint8_t read_data();
    void write_data(std::uint8_t value);
    std::uint8_t read_register_c();
    void write_register_a(std::uint8_t value);
    void write_register_b(std::uint8_t value);

    bool counting() const; ///< divider runs and SET is off
    Nanoseconds next_update(Nanoseconds after) const;
    void catch_up_time();
    bool alarm_matches() const;
    std::int64_t calendar_seconds() const;
    void store_calendar(std::int64_t seconds);
    unsigned decode(std::uint8_t value) const;
    std::uint8_t encode(unsigned value) const;
    unsigned decode_hour(std::uint8_t value) const;
    std::uint8_t encode_hour(unsigned hour) const;

    std::uint64_t period() const; ///< in ticks of 32768 Hz; 0: none
    Nanoseconds period_edge(std::uint64_t number) const;
    void note_periods();
    void owe_periods(std::uint64_t edges);
    void rearm_periodic();
    void rearm_update();
    void periodic_due();
    void extra_due();
    void update_due();
    void set_flag(std::uint8_t flag);
    void update_line();

    Clock& clock_;
    TickLine& irq8_;
    Timer periodic_;
    Timer extra_;  ///< sends an owed period between two regular ones
    Timer update_; ///< each second while somebody wants an interrupt
    std::array<std::uint8_t, 128> cmos_{};
    std::uint8_t index_ = 0;
    Nanoseconds chain_start_ = 0;    ///< when the divider chain was (re)started
    Nanoseconds next_update_ = 0;    ///< the next second boundary that was not yet applied
    std::uint64_t periods_seen_ = 0; ///< edges of the current rate that set PF or were too early to
    std::int64_t owed_ = 0;
};

} // namespace ntferry::vmm
