// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/devices/pit8254.hpp"

#include <algorithm>

namespace ntferry::vmm {
namespace {

constexpr std::uint16_t PORT_COUNTER0 = 0x40;
constexpr std::uint16_t PORT_CONTROL = 0x43;
constexpr std::uint16_t PORT_NMI = 0x61;

constexpr std::uint8_t NMI_GATE2 = 0x01;
constexpr std::uint8_t NMI_WRITABLE = 0x0F;
constexpr std::uint8_t NMI_REFRESH = 0x10;
constexpr std::uint8_t NMI_OUT2 = 0x20;

/// Refresh requests come every 15.085 us (18 ticks); each one toggles bit 4 of port 61h.
constexpr Nanoseconds REFRESH_PERIOD = 15'085;

/// A guest that programs a shorter period than 60 ticks (50 us) gets an interrupt for several of them.
constexpr PitCounter::Ticks SHORTEST = 60;

/// The time of a CLK pulse: the first nanosecond at which ns_to_ticks() has counted it.
Nanoseconds time_of(PitCounter::Ticks tick) {
    const Nanoseconds at = ticks_to_ns(static_cast<std::uint64_t>(tick), Pit8254::hertz);
    return ns_to_ticks(at, Pit8254::hertz) < static_cast<std::uint64_t>(tick) ? at + 1 : at;
}

} // namespace

Pit8254::Pit8254(PortBus& ports, Clock& clock, TickLine& irq0)
    : clock_(clock), irq0_(irq0), tick_(clock, [this] { tick_due(); }),
      extra_(clock, [this] { catch_up(); }) {
    ports.claim(PORT_COUNTER0, 4, *this, name());
    ports.claim(PORT_NMI, 1, *this, name());
    reset();
}

void Pit8254::reset() {
    for (PitCounter& counter : counters_)
        counter.reset();
    counters_[2].set_gate(false, ticks());
    port61_ = 0;
    owed_ = 0;
    extra_.cancel();
    irq0_.lower();
    rearm();
}

PitCounter::Ticks Pit8254::ticks() const {
    return static_cast<Ticks>(ns_to_ticks(clock_.now(), hertz));
}

void Pit8254::rearm() {
    next_tick_ = counters_[0].next_rise(ticks());
    if (next_tick_ < 0)
        tick_.cancel();
    else
        tick_.arm(time_of(next_tick_));
}

void Pit8254::send_tick() {
    irq0_.lower();
    irq0_.raise();
}

void Pit8254::tick_due() {
    const Ticks now = std::max(ticks(), next_tick_);
    counters_[0].settle(now);
    const Ticks period = counters_[0].period();
    // A thread that slept too long finds several ticks due at once.
    std::int64_t due = 1;
    if (period > 0 && now > next_tick_)
        due += (now - next_tick_) / period;
    next_tick_ = counters_[0].next_rise(now + (period > 0 ? std::max<Ticks>(0, SHORTEST - period) : 0));
    if (next_tick_ >= 0)
        tick_.arm(time_of(next_tick_));

    switch (irq0_.last_tick()) {
    case TickLine::Tick::masked:
        owed_ = 0;
        send_tick();
        return;
    case TickLine::Tick::taken:
        send_tick();
        --due;
        break;
    case TickLine::Tick::waiting:
        break;
    }
    if (period == 0)
        return;
    const std::int64_t bound = std::max<std::int64_t>(4, static_cast<std::int64_t>(hertz) / period);
    owed_ = std::min(bound, owed_ + due);
    if (owed_ > 0 && next_tick_ >= 0)
        extra_.arm(time_of(std::max(now, next_tick_ - period / 2)));
}

void Pit8254::catch_up() {
    if (owed_ == 0)
        return;
    switch (irq0_.last_tick()) {
    case TickLine::Tick::masked:
        owed_ = 0;
        break;
    case TickLine::Tick::taken:
        --owed_;
        send_tick();
        break;
    case TickLine::Tick::waiting:
        break; // the next regular tick arms us again
    }
}

std::uint8_t Pit8254::read_port61() const {
    const Nanoseconds now = clock_.now();
    std::uint8_t value = port61_ & NMI_WRITABLE;
    if ((now / REFRESH_PERIOD & 1) != 0)
        value |= NMI_REFRESH;
    if (counters_[2].out(ticks()))
        value |= NMI_OUT2;
    return value;
}

void Pit8254::write_port61(std::uint8_t value) {
    port61_ = value & NMI_WRITABLE;
    counters_[2].set_gate((value & NMI_GATE2) != 0, ticks());
}

void Pit8254::write_command(std::uint8_t value) {
    const unsigned select = value >> 6U;
    const Ticks now = ticks();
    if (select == 3) { // read-back: low-active COUNT and STATUS, one bit per counter
        for (unsigned i = 0; i < 3; ++i) {
            if ((value >> (i + 1) & 1U) == 0)
                continue;
            if ((value & 0x20U) == 0)
                counters_[i].latch_count(now);
            if ((value & 0x10U) == 0)
                counters_[i].latch_status(now);
        }
        return;
    }
    if ((value & 0x30U) == 0) {
        counters_[select].latch_count(now);
        return;
    }
    counters_[select].write_control(value, now);
    if (select == 0) {
        owed_ = 0;
        extra_.cancel();
        // OUT goes low in mode 0 and high in the others. A rising OUT between two programs is not passed on:
        // nothing was timed.
        if (!counters_[0].out(now))
            irq0_.lower();
        rearm();
    }
}

std::uint8_t Pit8254::read8(std::uint16_t port) {
    if (port == PORT_NMI)
        return read_port61();
    if (port == PORT_CONTROL)
        return 0xFF; // write only
    return counters_[port & 3U].read(ticks());
}

void Pit8254::write8(std::uint16_t port, std::uint8_t value) {
    if (port == PORT_NMI) {
        write_port61(value);
    } else if (port == PORT_CONTROL) {
        write_command(value);
    } else {
        counters_[port & 3U].write(value, ticks());
        if (port == PORT_COUNTER0)
            rearm();
    }
}

std::uint32_t Pit8254::port_read(std::uint16_t port, unsigned width) {
    std::uint32_t value = 0;
    for (unsigned i = 0; i < width; ++i)
        value |= static_cast<std::uint32_t>(read8(static_cast<std::uint16_t>(port + i))) << (8U * i);
    return value;
}

void Pit8254::port_write(std::uint16_t port, unsigned width, std::uint32_t value) {
    for (unsigned i = 0; i < width; ++i)
        write8(static_cast<std::uint16_t>(port + i), static_cast<std::uint8_t>(value >> (8U * i)));
}

void Pit8254::save(StateWriter& writer) const {
    writer.version(1);
    for (const PitCounter& counter : counters_)
        counter.save(writer);
    writer.put(port61_);
    writer.put(owed_);
    writer.put(extra_.deadline());
}

void Pit8254::load(StateReader& reader) {
    reader.version(1, 1);
    for (PitCounter& counter : counters_)
        counter.load(reader);
    port61_ = reader.get<std::uint8_t>() & NMI_WRITABLE;
    owed_ = std::clamp<std::int64_t>(reader.get_signed(), 0, static_cast<std::int64_t>(hertz));
    const Nanoseconds extra = reader.get_signed();
    if (extra == never)
        extra_.cancel();
    else
        extra_.arm(std::max<Nanoseconds>(0, extra));
    rearm();
}

} // namespace ntferry::vmm
