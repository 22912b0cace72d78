// One counter of the 8254: its count, output and latches as functions of time.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/devices/pit8254.hpp"

#include <algorithm>

namespace ntferry::vmm {
namespace {

using Ticks = PitCounter::Ticks;

std::uint32_t from_bcd(std::uint32_t value) {
    return (value & 0xFU) + 10 * (value >> 4U & 0xFU) + 100 * (value >> 8U & 0xFU) +
           1000 * (value >> 12U & 0xFU);
}

std::uint32_t to_bcd(std::uint32_t value) {
    return value % 10 | value / 10 % 10 << 4U | value / 100 % 10 << 8U | value / 1000 % 10 << 12U;
}

} // namespace

void PitCounter::reset() {
    // Data sheet: undefined until programmed. A counter that does nothing is the kindest choice.
    *this = PitCounter{};
}

void PitCounter::write_control(std::uint8_t control, Ticks) {
    access_ = control >> 4U & 3U;
    mode_ = control >> 1U & 7U;
    if (mode_ > 5)
        mode_ = static_cast<std::uint8_t>(mode_ - 4); // bit 2 is don't-care for modes 2 and 3
    bcd_ = (control & 1U) != 0;
    loaded_ = false;
    initial_ = 0;
    waiting_ = 0;
    paused_at_ = -1;
    write_high_next_ = false;
    read_high_next_ = false;
    latched_bytes_ = 0;
    status_latched_ = false;
}

void PitCounter::start(std::uint32_t initial, Ticks at) {
    initial_ = initial;
    waiting_ = 0;
    start_ = at;
    loaded_ = true;
    paused_at_ = -1;
}

void PitCounter::load_count(std::uint32_t initial, Ticks now) {
    settle(now);
    if (periodic() && loaded_ && gate_) {
        // Data sheet: the new count takes effect at the end of the current cycle (mode 2) or half-cycle (3).
        waiting_ = initial;
        waiting_end_ = cycle_end(now);
        waiting_at_half_ = (waiting_end_ - start_) % static_cast<Ticks>(initial_) != 0;
        return;
    }
    if (mode_ == 1 || mode_ == 5) { // wait for the gate to rise
        if (loaded_)
            waiting_ = initial;
        else
            initial_ = initial;
        return;
    }
    start(initial, now + 1); // loaded on the next CLK pulse
    if (!gate_)
        paused_at_ = 0;
}

void PitCounter::write(std::uint8_t value, Ticks now) {
    std::uint32_t raw = value;
    if (access_ == 2)
        raw = std::uint32_t{value} << 8U;
    if (access_ == 3) {
        if (!write_high_next_) {
            write_low_ = value;
            write_high_next_ = true;
            if (mode_ == 0)
                loaded_ = false; // data sheet: the first byte stops the count and OUT stays low
            return;
        }
        write_high_next_ = false;
        raw = std::uint32_t{value} << 8U | write_low_;
    }
    std::uint32_t initial = bcd_ ? from_bcd(raw) : raw;
    if (initial == 0)
        initial = bcd_ ? 10000 : 65536;
    if (periodic() && initial == 1)
        initial = 2; // data sheet: 1 is illegal in modes 2 and 3
    load_count(initial, now);
}

Ticks PitCounter::elapsed(Ticks now) const {
    if (paused_at_ >= 0)
        return paused_at_;
    return std::max<Ticks>(0, now - start_);
}

Ticks PitCounter::cycle_end(Ticks now) const {
    const Ticks period = initial_;
    const Ticks phase = elapsed(now) % period;
    const Ticks begin = std::max(now, start_) - phase;
    const Ticks half = (period + 1) / 2;
    return mode_ == 3 && phase < half ? begin + half : begin + period;
}

void PitCounter::settle(Ticks now) {
    if (waiting_ == 0 || !periodic() || !loaded_ || paused_at_ >= 0)
        return;
    const Ticks end = waiting_end_;
    if (now < end)
        return;
    const bool at_half = waiting_at_half_;
    const std::uint32_t initial = waiting_;
    start(initial, at_half ? end - (static_cast<Ticks>(initial) + 1) / 2 : end);
}

std::uint16_t PitCounter::encode(std::uint32_t value) const {
    return static_cast<std::uint16_t>(bcd_ ? to_bcd(value % 10000) : value);
}

std::uint16_t PitCounter::count(Ticks now) const {
    if (initial_ == 0)
        return 0;
    if (!loaded_)
        return encode(initial_);
    const Ticks wrap = bcd_ ? 10000 : 65536;
    const Ticks gone = elapsed(now);
    const Ticks period = initial_;
    switch (mode_) {
    case 2:
        return encode(static_cast<std::uint32_t>(period - gone % period));
    case 3: {
        const Ticks high = (period + 1) / 2;
        Ticks phase = gone % period;
        if (phase >= high)
            phase -= high;
        return encode(static_cast<std::uint32_t>((period & ~Ticks{1}) - 2 * phase));
    }
    default: {
        const Ticks left = (period - gone) % wrap;
        return encode(static_cast<std::uint32_t>(left < 0 ? left + wrap : left));
    }
    }
}

bool PitCounter::out(Ticks now) const {
    if (!loaded_ || initial_ == 0)
        return mode_ != 0;
    const Ticks gone = elapsed(now);
    const Ticks period = initial_;
    switch (mode_) {
    case 0:
    case 1:
        return gone >= period;
    case 2:
        return !gate_ || gone % period != period - 1;
    case 3:
        return !gate_ || gone % period < (period + 1) / 2;
    default:
        return gone != period;
    }
}

Ticks PitCounter::period() const {
    return periodic() && loaded_ && gate_ ? static_cast<Ticks>(initial_) : 0;
}

Ticks PitCounter::next_rise(Ticks after) const {
    if (!loaded_ || initial_ == 0 || paused_at_ >= 0)
        return -1;
    const Ticks period = initial_;
    if (periodic()) {
        if (!gate_)
            return -1;
        if (waiting_ != 0) {
            // OUT rises at the end of a whole cycle. When the new count takes over in the middle of one, the
            // low half already has the new length.
            const Ticks rise =
                waiting_at_half_ ? waiting_end_ + static_cast<Ticks>(waiting_) / 2 : waiting_end_;
            if (rise > after)
                return rise;
        }
        return after < start_ ? start_ + period : start_ + ((after - start_) / period + 1) * period;
    }
    const Ticks rise = start_ + period + (mode_ >= 4 ? 1 : 0);
    return rise > after ? rise : -1;
}

void PitCounter::set_gate(bool gate, Ticks now) {
    if (gate == gate_)
        return;
    settle(now);
    const bool rising = gate;
    switch (mode_) {
    case 0:
    case 4: // the gate enables counting
        if (loaded_ && !rising)
            paused_at_ = elapsed(now);
        if (loaded_ && rising && paused_at_ >= 0) {
            start_ = now - paused_at_;
            paused_at_ = -1;
        }
        break;
    case 1:
    case 5: // the gate triggers
        if (rising && (initial_ != 0 || waiting_ != 0))
            start(waiting_ != 0 ? waiting_ : initial_, now + 1);
        break;
    default: // stops with OUT high, starts again from N
        if (loaded_ && !rising)
            paused_at_ = elapsed(now);
        if (rising && (initial_ != 0 || waiting_ != 0))
            start(waiting_ != 0 ? waiting_ : initial_, now + 1);
        break;
    }
    gate_ = gate;
}

void PitCounter::latch_count(Ticks now) {
    if (latched_bytes_ != 0)
        return; // data sheet: a second latch before the read is ignored
    settle(now);
    latched_count_ = count(now);
    latched_bytes_ = access_ == 3 ? 2 : 1;
}

void PitCounter::latch_status(Ticks now) {
    if (status_latched_)
        return;
    settle(now);
    const bool null_count = !loaded_ || waiting_ != 0;
    latched_status_ =
        static_cast<std::uint8_t>((out(now) ? 0x80U : 0U) | (null_count ? 0x40U : 0U) |
                                  unsigned{access_} << 4U | unsigned{mode_} << 1U | (bcd_ ? 1U : 0U));
    status_latched_ = true;
}

std::uint8_t PitCounter::read(Ticks now) {
    if (status_latched_) {
        status_latched_ = false;
        return latched_status_;
    }
    settle(now);
    std::uint16_t value = latched_count_;
    bool high = access_ == 2;
    if (latched_bytes_ != 0) {
        if (access_ == 3)
            high = latched_bytes_ == 1;
        --latched_bytes_;
    } else {
        value = count(now);
        if (access_ == 3) {
            high = read_high_next_;
            read_high_next_ = !read_high_next_;
        }
    }
    return static_cast<std::uint8_t>(high ? value >> 8U : value);
}

void PitCounter::save(StateWriter& writer) const {
    writer.put(mode_);
    writer.put(access_);
    writer.put(bcd_);
    writer.put(gate_);
    writer.put(loaded_);
    writer.put(initial_);
    writer.put(waiting_);
    writer.put(waiting_end_);
    writer.put(waiting_at_half_);
    writer.put(start_);
    writer.put(paused_at_);
    writer.put(write_high_next_);
    writer.put(write_low_);
    writer.put(read_high_next_);
    writer.put(latched_bytes_);
    writer.put(latched_count_);
    writer.put(status_latched_);
    writer.put(latched_status_);
}

void PitCounter::load(StateReader& reader) {
    mode_ = reader.get<std::uint8_t>();
    access_ = reader.get<std::uint8_t>();
    bcd_ = reader.get_bool();
    gate_ = reader.get_bool();
    loaded_ = reader.get_bool();
    initial_ = reader.get<std::uint32_t>();
    waiting_ = reader.get<std::uint32_t>();
    waiting_end_ = reader.get_signed();
    waiting_at_half_ = reader.get_bool();
    start_ = reader.get_signed();
    paused_at_ = reader.get_signed();
    write_high_next_ = reader.get_bool();
    write_low_ = reader.get<std::uint8_t>();
    read_high_next_ = reader.get_bool();
    latched_bytes_ = reader.get<std::uint8_t>();
    latched_count_ = reader.get<std::uint16_t>();
    status_latched_ = reader.get_bool();
    latched_status_ = reader.get<std::uint8_t>();
    constexpr Ticks limit = Ticks{1} << 46U; // two years of ticks: keeps the arithmetic far from overflow
    const auto sane = [](Ticks value) { return value >= -limit && value <= limit; };
    if (mode_ > 5 || access_ < 1 || access_ > 3 || initial_ > 65536 || waiting_ > 65536 ||
        latched_bytes_ > 2 || (loaded_ && initial_ == 0) ||
        (periodic() && (initial_ == 1 || waiting_ == 1)) || !sane(start_) || !sane(paused_at_) ||
        !sane(waiting_end_))
        throw Error("pit", "saved state holds values that no counter can have");
}

} // namespace ntferry::vmm
