// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/devices/rtc_mc146818.hpp"

#include <algorithm>
#include <chrono>

namespace ntferry::vmm {
namespace {

enum Index : std::uint8_t {
    SECONDS = 0x00,
    SECONDS_ALARM = 0x01,
    MINUTES = 0x02,
    MINUTES_ALARM = 0x03,
    HOURS = 0x04,
    HOURS_ALARM = 0x05,
    DAY_OF_WEEK = 0x06,
    DATE = 0x07,
    MONTH = 0x08,
    YEAR = 0x09,
    REGISTER_A = 0x0A,
    REGISTER_B = 0x0B,
    REGISTER_C = 0x0C,
    REGISTER_D = 0x0D,
    CENTURY = 0x32,
};

constexpr std::uint8_t A_UIP = 0x80;
constexpr std::uint8_t A_DIVIDER = 0x70;
constexpr std::uint8_t A_DIVIDER_RESET = 0x60; // 110 and 111
constexpr std::uint8_t A_RATE = 0x0F;
constexpr std::uint8_t B_SET = 0x80;
constexpr std::uint8_t B_PIE = 0x40;
constexpr std::uint8_t B_AIE = 0x20;
constexpr std::uint8_t B_UIE = 0x10;
constexpr std::uint8_t B_DM = 0x04; // binary
constexpr std::uint8_t B_24H = 0x02;
constexpr std::uint8_t C_IRQF = 0x80;
constexpr std::uint8_t C_PF = 0x40;
constexpr std::uint8_t C_AF = 0x20;
constexpr std::uint8_t C_UF = 0x10;
constexpr std::uint8_t D_VRT = 0x80;
constexpr std::uint8_t HOUR_PM = 0x80;
constexpr std::uint8_t ALARM_DONT_CARE = 0xC0;

constexpr std::uint64_t CHAIN_HERTZ = 32768;
/// Data sheet, table 5: UIP is set 244 us before the update begins.
constexpr Nanoseconds UIP_BEFORE = 244'000;
/// "when the divider is changed from reset to an operating time base, the first update cycle is 500 ms later"
constexpr Nanoseconds FIRST_UPDATE = nanoseconds_per_second / 2;
constexpr std::int64_t SECONDS_PER_DAY = 86400;

} // namespace

RtcMc146818::RtcMc146818(PortBus& ports, Clock& clock, TickLine& irq8, std::int64_t initial_time)
    : clock_(clock), irq8_(irq8), periodic_(clock, [this] { periodic_due(); }),
      extra_(clock, [this] { extra_due(); }), update_(clock, [this] { update_due(); }) {
    cmos_[REGISTER_A] = 0x26; // 32.768 kHz, 1024 Hz: what every BIOS leaves
    cmos_[REGISTER_B] = B_24H;
    cmos_[REGISTER_D] = D_VRT;
    next_update_ = clock.now() + nanoseconds_per_second;
    chain_start_ = clock.now();
    set_time(initial_time);
    ports.claim(0x70, 2, *this, name());
}

void RtcMc146818::reset() {
    // Data sheet, RESET: PIE, AIE, UIE, SQWE and the flags are cleared; the rest is battery-backed.
    catch_up_time();
    cmos_[REGISTER_B] &= static_cast<std::uint8_t>(~(B_PIE | B_AIE | B_UIE | 0x08U));
    cmos_[REGISTER_C] = 0;
    owed_ = 0;
    index_ = 0;
    extra_.cancel();
    rearm_periodic();
    rearm_update();
    update_line();
}

// Calendar ------------------------------------------------------------------------------------------------

unsigned RtcMc146818::decode(std::uint8_t value) const {
    return (cmos_[REGISTER_B] & B_DM) != 0 ? value : (value >> 4U) * 10U + (value & 0xFU);
}

std::uint8_t RtcMc146818::encode(unsigned value) const {
    return static_cast<std::uint8_t>((cmos_[REGISTER_B] & B_DM) != 0 ? value
                                                                     : (value / 10 % 10) << 4U | value % 10);
}

unsigned RtcMc146818::decode_hour(std::uint8_t value) const {
    if ((cmos_[REGISTER_B] & B_24H) != 0)
        return decode(value);
    const unsigned hour = decode(static_cast<std::uint8_t>(value & ~HOUR_PM)) % 12;
    return (value & HOUR_PM) != 0 ? hour + 12 : hour;
}

std::uint8_t RtcMc146818::encode_hour(unsigned hour) const {
    if ((cmos_[REGISTER_B] & B_24H) != 0)
        return encode(hour);
    const unsigned twelve = hour % 12 == 0 ? 12 : hour % 12;
    return static_cast<std::uint8_t>(encode(twelve) | (hour >= 12 ? HOUR_PM : 0U));
}

std::int64_t RtcMc146818::calendar_seconds() const {
    using namespace std::chrono;
    // The guest may have written anything: values out of range carry over instead of being refused.
    const int full_year = static_cast<int>(decode(cmos_[CENTURY]) % 100 * 100 + decode(cmos_[YEAR]) % 100);
    const unsigned month_number = std::clamp(decode(cmos_[MONTH]), 1U, 12U);
    const auto first = sys_days{year{full_year} / month{month_number} / day{1}};
    const std::int64_t days =
        first.time_since_epoch().count() + static_cast<std::int64_t>(std::max(1U, decode(cmos_[DATE]))) - 1;
    return days * SECONDS_PER_DAY + decode_hour(cmos_[HOURS]) * std::int64_t{3600} +
           decode(cmos_[MINUTES]) * std::int64_t{60} + decode(cmos_[SECONDS]);
}

void RtcMc146818::store_calendar(std::int64_t seconds) {
    using namespace std::chrono;
    const std::int64_t day_number =
        seconds >= 0 ? seconds / SECONDS_PER_DAY : (seconds - SECONDS_PER_DAY + 1) / SECONDS_PER_DAY;
    const auto in_day = static_cast<unsigned>(seconds - day_number * SECONDS_PER_DAY);
    const sys_days date{days{day_number}};
    const year_month_day ymd{date};
    const int full_year = std::clamp(static_cast<int>(ymd.year()), 0, 9999);
    cmos_[SECONDS] = encode(in_day % 60);
    cmos_[MINUTES] = encode(in_day / 60 % 60);
    cmos_[HOURS] = encode_hour(in_day / 3600);
    cmos_[DAY_OF_WEEK] = encode(weekday{date}.c_encoding() + 1);
    cmos_[DATE] = encode(static_cast<unsigned>(ymd.day()));
    cmos_[MONTH] = encode(static_cast<unsigned>(ymd.month()));
    cmos_[YEAR] = encode(static_cast<unsigned>(full_year % 100));
    cmos_[CENTURY] = encode(static_cast<unsigned>(full_year / 100));
}

void RtcMc146818::set_time(std::int64_t seconds_since_1970) {
    store_calendar(seconds_since_1970);
}

bool RtcMc146818::counting() const {
    return (cmos_[REGISTER_B] & B_SET) == 0 && (cmos_[REGISTER_A] & A_DIVIDER_RESET) != A_DIVIDER_RESET;
}

Nanoseconds RtcMc146818::next_update(Nanoseconds after) const {
    const Nanoseconds behind = after - next_update_;
    return behind < 0 ? next_update_
                      : next_update_ + (behind / nanoseconds_per_second + 1) * nanoseconds_per_second;
}

void RtcMc146818::catch_up_time() {
    const Nanoseconds now = clock_.now();
    if (now < next_update_)
        return;
    const std::int64_t passed = (now - next_update_) / nanoseconds_per_second + 1;
    next_update_ += passed * nanoseconds_per_second;
    if (!counting())
        return;
    const std::int64_t before = calendar_seconds();
    // A day's worth of seconds meets every alarm there is.
    const std::int64_t looked_at = std::min(passed, SECONDS_PER_DAY);
    bool alarm = false;
    for (std::int64_t second = passed - looked_at + 1; second <= passed && !alarm; ++second) {
        store_calendar(before + second);
        alarm = alarm_matches();
    }
    store_calendar(before + passed);
    cmos_[REGISTER_C] |= static_cast<std::uint8_t>(C_UF | (alarm ? C_AF : 0U));
    update_line();
}

bool RtcMc146818::alarm_matches() const {
    const auto matches = [&](Index alarm, Index value) {
        return (cmos_[alarm] & ALARM_DONT_CARE) == ALARM_DONT_CARE || cmos_[alarm] == cmos_[value];
    };
    return matches(SECONDS_ALARM, SECONDS) && matches(MINUTES_ALARM, MINUTES) && matches(HOURS_ALARM, HOURS);
}

// Interrupts ----------------------------------------------------------------------------------------------

void RtcMc146818::update_line() {
    std::uint8_t& c = cmos_[REGISTER_C];
    // Flags and enables have the same bit positions.
    const bool request = (c & cmos_[REGISTER_B] & (C_PF | C_AF | C_UF)) != 0;
    c = static_cast<std::uint8_t>(request ? c | C_IRQF : c & ~C_IRQF);
    irq8_.set(request);
}

std::uint64_t RtcMc146818::period() const {
    const unsigned rate = cmos_[REGISTER_A] & A_RATE;
    if (rate == 0 || (cmos_[REGISTER_A] & A_DIVIDER_RESET) == A_DIVIDER_RESET)
        return 0;
    // Data sheet, table 4, 32.768 kHz time base: rates 1 and 2 are those of 8 and 9.
    return std::uint64_t{1} << (rate <= 2 ? rate + 6 : rate - 1);
}

Nanoseconds RtcMc146818::period_edge(std::uint64_t number) const {
    return chain_start_ + ticks_to_ns(number * period(), CHAIN_HERTZ);
}

/// Sets PF for edges that passed while no timer was running, or whose timer is still to be called.
void RtcMc146818::note_periods() {
    const std::uint64_t ticks = period();
    if (ticks == 0)
        return;
    const auto elapsed = std::max<Nanoseconds>(0, clock_.now() - chain_start_);
    const std::uint64_t edges = ns_to_ticks(elapsed, CHAIN_HERTZ) / ticks;
    if (edges <= periods_seen_)
        return;
    owe_periods(edges - periods_seen_);
    cmos_[REGISTER_C] |= C_PF;
    periods_seen_ = edges;
}

/// Of the edges that passed, one sets PF where it is clear; the others are owed if they are to interrupt.
void RtcMc146818::owe_periods(std::uint64_t edges) {
    if ((cmos_[REGISTER_B] & B_PIE) == 0 || irq8_.last_tick() == TickLine::Tick::masked) {
        owed_ = 0;
        return;
    }
    const std::uint64_t lost = (cmos_[REGISTER_C] & C_PF) == 0 ? edges - 1 : edges;
    const std::uint64_t bound = std::max<std::uint64_t>(4, CHAIN_HERTZ / period());
    owed_ =
        static_cast<std::int64_t>(std::min(bound, static_cast<std::uint64_t>(owed_) + std::min(bound, lost)));
}

void RtcMc146818::rearm_periodic() {
    const std::uint64_t ticks = period();
    owed_ = 0;
    extra_.cancel();
    if (ticks == 0) {
        periodic_.cancel();
        return;
    }
    const auto elapsed = std::max<Nanoseconds>(0, clock_.now() - chain_start_);
    periods_seen_ = ns_to_ticks(elapsed, CHAIN_HERTZ) / ticks;
    if ((cmos_[REGISTER_B] & B_PIE) != 0)
        periodic_.arm(period_edge(periods_seen_ + 1));
    else
        periodic_.cancel();
}

void RtcMc146818::periodic_due() {
    const std::uint64_t ticks = period();
    if (ticks == 0)
        return;
    const auto elapsed = std::max<Nanoseconds>(0, clock_.now() - chain_start_);
    const std::uint64_t edges = ns_to_ticks(elapsed + 1, CHAIN_HERTZ) / ticks; // +1: edges round down
    if (edges > periods_seen_) {
        owe_periods(edges - periods_seen_);
        periods_seen_ = edges;
        set_flag(C_PF);
    } // else a read of register C was before us and has noted this edge
    const Nanoseconds next = period_edge(periods_seen_ + 1);
    periodic_.arm(next);
    if (owed_ > 0)
        extra_.arm(next - ticks_to_ns(ticks, CHAIN_HERTZ) / 2);
}

void RtcMc146818::extra_due() {
    if (owed_ == 0 || (cmos_[REGISTER_C] & C_PF) != 0)
        return; // the next regular period arms us again
    --owed_;
    set_flag(C_PF);
}

void RtcMc146818::rearm_update() {
    if ((cmos_[REGISTER_B] & (B_UIE | B_AIE)) != 0 && counting())
        update_.arm(next_update(clock_.now()));
    else
        update_.cancel();
}

void RtcMc146818::update_due() {
    catch_up_time();
    rearm_update();
}

void RtcMc146818::set_flag(std::uint8_t flag) {
    cmos_[REGISTER_C] |= flag;
    update_line();
}

// Registers -----------------------------------------------------------------------------------------------

std::uint8_t RtcMc146818::read_register_c() {
    catch_up_time();
    note_periods();
    update_line();
    const std::uint8_t value = cmos_[REGISTER_C];
    cmos_[REGISTER_C] = 0;
    update_line();
    return value;
}

std::uint8_t RtcMc146818::read_data() {
    catch_up_time();
    switch (index_) {
    case REGISTER_A: {
        const bool near_update = clock_.now() >= next_update_ - UIP_BEFORE;
        const unsigned uip = counting() && near_update ? A_UIP : 0U;
        return static_cast<std::uint8_t>((cmos_[REGISTER_A] & ~A_UIP) | uip);
    }
    case REGISTER_C:
        return read_register_c();
    default:
        return cmos_[index_];
    }
}

void RtcMc146818::write_register_a(std::uint8_t value) {
    const std::uint8_t before = cmos_[REGISTER_A];
    note_periods();
    cmos_[REGISTER_A] = static_cast<std::uint8_t>(value & ~A_UIP);
    const bool was_reset = (before & A_DIVIDER_RESET) == A_DIVIDER_RESET;
    const bool is_reset = (value & A_DIVIDER_RESET) == A_DIVIDER_RESET;
    if (was_reset && !is_reset) {
        chain_start_ = clock_.now();
        next_update_ = clock_.now() + FIRST_UPDATE;
    }
    if (((before ^ value) & (A_RATE | A_DIVIDER)) != 0)
        rearm_periodic();
    rearm_update();
    update_line(); // note_periods() may have found an edge whose timer has not run yet
}

void RtcMc146818::write_register_b(std::uint8_t value) {
    const std::uint8_t before = cmos_[REGISTER_B];
    note_periods();
    // SET stops the update and clears UIE (data sheet, register B). Changing DM or 24/12 converts nothing:
    // the guest must write the time again.
    if ((value & B_SET) != 0)
        value = static_cast<std::uint8_t>(value & ~B_UIE);
    if ((before & B_SET) != 0 && (value & B_SET) == 0 && clock_.now() >= next_update_)
        next_update_ = next_update(clock_.now());
    cmos_[REGISTER_B] = value;
    // A flag that was up before its enable does not interrupt: PF runs all the time and would always be up.
    if (((before ^ value) & B_PIE) != 0)
        rearm_periodic();
    rearm_update();
    update_line();
}

void RtcMc146818::write_data(std::uint8_t value) {
    catch_up_time();
    switch (index_) {
    case REGISTER_A:
        write_register_a(value);
        break;
    case REGISTER_B:
        write_register_b(value);
        break;
    case REGISTER_C:
    case REGISTER_D:
        break; // read only
    default:
        cmos_[index_] = value;
        break;
    }
}

std::uint32_t RtcMc146818::port_read(std::uint16_t port, unsigned width) {
    std::uint32_t value = 0;
    for (unsigned i = 0; i < width; ++i) {
        const std::uint8_t byte =
            ((port + i) & 1U) == 0 ? std::uint8_t{0xFF} : read_data(); // 70h: write only
        value |= static_cast<std::uint32_t>(byte) << (8U * i);
    }
    return value;
}

void RtcMc146818::port_write(std::uint16_t port, unsigned width, std::uint32_t value) {
    for (unsigned i = 0; i < width; ++i) {
        const auto byte = static_cast<std::uint8_t>(value >> (8U * i));
        if (((port + i) & 1U) == 0)
            index_ = byte & 0x7FU; // bit 7 masks NMI, of which there is none
        else
            write_data(byte);
    }
}

// State ---------------------------------------------------------------------------------------------------

void RtcMc146818::save(StateWriter& writer) const {
    writer.version(1);
    writer.put_bytes(cmos_);
    writer.put(index_);
    writer.put(chain_start_);
    writer.put(next_update_);
    writer.put(periods_seen_);
    writer.put(owed_);
}

void RtcMc146818::load(StateReader& reader) {
    reader.version(1, 1);
    std::array<std::uint8_t, 128> bytes{};
    reader.get_bytes(bytes);
    const auto index = reader.get<std::uint8_t>();
    const Nanoseconds chain = reader.get_signed();
    const Nanoseconds update = reader.get_signed();
    const auto seen = reader.get<std::uint64_t>();
    const std::int64_t owed = reader.get_signed();
    const Nanoseconds now = clock_.now();
    constexpr Nanoseconds year = 366 * SECONDS_PER_DAY * nanoseconds_per_second;
    if (chain < -year || chain > now || update < now - 100 * year || update > now + nanoseconds_per_second)
        throw Error("rtc", "saved state belongs to another time");
    cmos_ = bytes;
    cmos_[REGISTER_D] = D_VRT;
    index_ = index & 0x7FU;
    chain_start_ = chain;
    next_update_ = update;
    rearm_periodic();
    // An edge's time is rounded down, so the one just served may lie a nanosecond ahead: it must not come
    // twice.
    const std::uint64_t ticks = period();
    periods_seen_ =
        ticks == 0 ? seen : std::min(seen, ns_to_ticks(now - chain_start_ + 1, CHAIN_HERTZ) / ticks);
    if (ticks != 0 && (cmos_[REGISTER_B] & B_PIE) != 0)
        periodic_.arm(period_edge(periods_seen_ + 1));
    owed_ = std::clamp<std::int64_t>(owed, 0, 8192);
    if (owed_ > 0 && ticks != 0)
        extra_.arm(period_edge(periods_seen_ + 1) - ticks_to_ns(period(), CHAIN_HERTZ) / 2);
    rearm_update();
    update_line();
}

} // namespace ntferry::vmm
