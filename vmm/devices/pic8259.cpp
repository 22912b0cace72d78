// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/devices/pic8259.hpp"

#include <utility>

namespace ntferry::vmm {
namespace {

// ICW1, OCW2, OCW3 (8259A data sheet, figures 7 and 8).
constexpr std::uint8_t ICW1_IC4 = 0x01;
constexpr std::uint8_t COMMAND_ICW1 = 0x10;
constexpr std::uint8_t COMMAND_OCW3 = 0x08;
constexpr std::uint8_t OCW3_RIS = 0x01;
constexpr std::uint8_t OCW3_RR = 0x02;
constexpr std::uint8_t OCW3_POLL = 0x04;
constexpr std::uint8_t OCW3_SMM = 0x20;
constexpr std::uint8_t OCW3_ESMM = 0x40;
constexpr std::uint8_t ICW4_AEOI = 0x02;
constexpr std::uint8_t ICW4_SFNM = 0x10;

// 82371SB ELCR1, ELCR2: IRQ 0, 1, 2 and 8, 13 are always edge triggered.
constexpr std::uint8_t ELCR1_WRITABLE = 0xF8;
constexpr std::uint8_t ELCR2_WRITABLE = 0xDE;

constexpr unsigned CASCADE_INPUT = 2;

constexpr std::uint8_t bit(unsigned number) {
    return static_cast<std::uint8_t>(1U << number);
}

} // namespace

void Pic8259::reset() {
    const bool master = master_;
    const std::uint8_t lines = lines_; // devices drive their lines whatever we do
    *this = Pic8259{};
    master_ = master;
    lines_ = lines;
}

std::uint8_t Pic8259::irr() const {
    // The slave's INT stays up exactly as long as it has a request, so its input is followed like a level.
    const auto levels = static_cast<std::uint8_t>(master_ ? level_mask_ | bit(CASCADE_INPUT) : level_mask_);
    return static_cast<std::uint8_t>((latch_ & ~levels) | (lines_ & levels));
}

void Pic8259::set_input(unsigned input, bool level) {
    const std::uint8_t mask = bit(input);
    const bool was = (lines_ & mask) != 0;
    if (level) {
        lines_ |= mask;
        if (!was)
            latch_ |= mask;
    } else {
        lines_ = static_cast<std::uint8_t>(lines_ & ~mask);
    }
}

int Pic8259::highest_request() const {
    const auto requests = static_cast<std::uint8_t>(irr() & ~imr_);
    if (requests == 0)
        return -1;
    // In special mask mode a level that is in service and masked inhibits nobody but itself.
    const auto blocking = static_cast<std::uint8_t>(special_mask_ ? isr_ & ~imr_ : isr_);
    for (unsigned step = 1; step <= 8; ++step) {
        const unsigned input = (lowest_ + step) & 7U;
        const bool nests = special_nested_ && master_ && input == CASCADE_INPUT;
        if ((blocking & bit(input)) != 0 && !nests)
            return -1;
        if ((requests & bit(input)) != 0)
            return static_cast<int>(input);
        if ((blocking & bit(input)) != 0)
            return -1;
    }
    return -1;
}

unsigned Pic8259::acknowledge() {
    const int request = highest_request();
    if (request < 0)
        return 7; // data sheet: an IR that has gone reads as IR7, and no ISR bit is set
    const auto input = static_cast<unsigned>(request);
    latch_ = static_cast<std::uint8_t>(latch_ & ~bit(input));
    if (!auto_eoi_)
        isr_ |= bit(input);
    else if (rotate_on_auto_eoi_)
        lowest_ = static_cast<std::uint8_t>(input);
    return input;
}

int Pic8259::highest_in_service() const {
    // A non-specific EOI does not clear a level masked in special mask mode (data sheet, "EOI").
    const auto candidates = static_cast<std::uint8_t>(special_mask_ ? isr_ & ~imr_ : isr_);
    for (unsigned step = 1; step <= 8; ++step) {
        const unsigned input = (lowest_ + step) & 7U;
        if ((candidates & bit(input)) != 0)
            return static_cast<int>(input);
    }
    return -1;
}

std::uint8_t Pic8259::read(unsigned a0) {
    if (poll_) {
        poll_ = false;
        const int request = highest_request();
        if (request < 0)
            return 0;
        return static_cast<std::uint8_t>(0x80U | acknowledge());
    }
    if (a0 != 0)
        return imr_;
    return read_isr_ ? isr_ : irr();
}

void Pic8259::initialise(std::uint8_t icw1) {
    // Data sheet, "Initialization command words": edge sense and IMR cleared, IR7 lowest, special mask off,
    // status read set to IRR. LTIM is not there: the PIIX3 has ELCR.
    latch_ = 0;
    imr_ = 0;
    isr_ = 0;
    lowest_ = 7;
    special_mask_ = false;
    special_nested_ = false;
    auto_eoi_ = false;
    rotate_on_auto_eoi_ = false;
    read_isr_ = false;
    poll_ = false;
    icw4_wanted_ = (icw1 & ICW1_IC4) != 0;
    next_icw_ = 2;
}

void Pic8259::operation(std::uint8_t value) {
    const unsigned level = value & 7U;
    switch (value >> 5U) {
    case 0: // rotate in automatic EOI mode (clear)
    case 4: // (set)
        rotate_on_auto_eoi_ = (value >> 5U) == 4;
        break;
    case 1: // non-specific EOI
    case 5: // and rotate
        if (const int input = highest_in_service(); input >= 0) {
            clear_in_service(static_cast<unsigned>(input));
            if ((value >> 5U) == 5)
                lowest_ = static_cast<std::uint8_t>(input);
        }
        break;
    case 3: // specific EOI
    case 7: // and rotate
        clear_in_service(level);
        if ((value >> 5U) == 7)
            lowest_ = static_cast<std::uint8_t>(level);
        break;
    case 6: // set priority
        lowest_ = static_cast<std::uint8_t>(level);
        break;
    default: // no operation
        break;
    }
}

void Pic8259::write_command(std::uint8_t value) {
    if ((value & COMMAND_ICW1) != 0) {
        initialise(value);
        return;
    }
    if ((value & COMMAND_OCW3) == 0) {
        operation(value);
        return;
    }
    if ((value & OCW3_POLL) != 0)
        poll_ = true;
    else if ((value & OCW3_RR) != 0)
        read_isr_ = (value & OCW3_RIS) != 0;
    if ((value & OCW3_ESMM) != 0)
        special_mask_ = (value & OCW3_SMM) != 0;
}

void Pic8259::write(unsigned a0, std::uint8_t value) {
    if (a0 == 0) {
        write_command(value);
        return;
    }
    switch (next_icw_) {
    case 2:
        vector_base_ = value & 0xF8U;
        next_icw_ = 3; // SNGL is never set in a PC
        break;
    case 3:
        next_icw_ = icw4_wanted_ ? 4 : 0;
        break;
    case 4:
        auto_eoi_ = (value & ICW4_AEOI) != 0;
        special_nested_ = (value & ICW4_SFNM) != 0;
        next_icw_ = 0;
        break;
    default:
        imr_ = value;
        break;
    }
}

void Pic8259::save(StateWriter& writer) const {
    for (const std::uint8_t value :
         {lines_, latch_, level_mask_, imr_, isr_, vector_base_, lowest_, next_icw_})
        writer.put(value);
    for (const bool value :
         {icw4_wanted_, auto_eoi_, rotate_on_auto_eoi_, special_mask_, special_nested_, read_isr_, poll_})
        writer.put(value);
}

void Pic8259::load(StateReader& reader) {
    for (std::uint8_t* value :
         {&lines_, &latch_, &level_mask_, &imr_, &isr_, &vector_base_, &lowest_, &next_icw_})
        *value = reader.get<std::uint8_t>();
    lowest_ &= 7U;
    next_icw_ &= 7U;
    for (bool* value : {&icw4_wanted_, &auto_eoi_, &rotate_on_auto_eoi_, &special_mask_, &special_nested_,
                        &read_isr_, &poll_})
        *value = reader.get_bool();
}

PicPair::PicPair(PortBus& ports, IrqLine& intr, std::function<void()> on_held_back)
    : intr_(intr), on_held_back_(std::move(on_held_back)) {
    master_.set_cascade(true);
    for (unsigned irq = 0; irq < wires_.size(); ++irq) {
        wires_[irq].pair = this;
        wires_[irq].irq = irq;
    }
    ports.claim(0x20, 2, *this, name());
    ports.claim(0xA0, 2, *this, name());
    ports.claim(0x4D0, 2, *this, name());
}

void PicPair::Wire::set(bool level) {
    pair->set_irq(irq, level);
}

TickLine::Tick PicPair::Wire::last_tick() const {
    const Pic8259& chip = irq < 8 ? pair->master_ : pair->slave_;
    if ((chip.imr() & bit(irq & 7U)) != 0)
        return Tick::masked;
    return (chip.irr() & bit(irq & 7U)) != 0 ? Tick::waiting : Tick::taken;
}

void PicPair::set_irq(unsigned irq, bool level) {
    if (irq == CASCADE_INPUT)
        return;
    const bool before = held_back();
    if (irq < 8)
        master_.set_input(irq, level);
    else
        slave_.set_input(irq - 8, level);
    update();
    if (!before && on_held_back_ && held_back())
        on_held_back_();
}

bool PicPair::held_back() const {
    return master_.held_back() || (slave_.held_back() && (master_.imr() & bit(CASCADE_INPUT)) == 0);
}

void PicPair::update() {
    master_.set_input(CASCADE_INPUT, slave_.output());
    intr_.set(master_.output());
}

std::uint8_t PicPair::acknowledge() {
    const unsigned input = master_.acknowledge();
    std::uint8_t vector = master_.vector(input);
    if (input == CASCADE_INPUT)
        vector = slave_.vector(slave_.acknowledge());
    update();
    return vector;
}

void PicPair::reset() {
    master_.reset();
    slave_.reset();
    update();
}

void PicPair::save(StateWriter& writer) const {
    writer.version(1);
    master_.save(writer);
    slave_.save(writer);
}

void PicPair::load(StateReader& reader) {
    reader.version(1, 1);
    master_.load(reader);
    slave_.load(reader);
    intr_.set(master_.output());
}

std::uint8_t PicPair::read8(std::uint16_t port) {
    switch (port) {
    case 0x20:
    case 0x21:
        return master_.read(port & 1U);
    case 0xA0:
    case 0xA1:
        return slave_.read(port & 1U);
    case 0x4D0:
        return master_.elcr();
    default:
        return slave_.elcr();
    }
}

void PicPair::write8(std::uint16_t port, std::uint8_t value) {
    switch (port) {
    case 0x20:
    case 0x21:
        master_.write(port & 1U, value);
        break;
    case 0xA0:
    case 0xA1:
        slave_.write(port & 1U, value);
        break;
    case 0x4D0:
        master_.set_elcr(value & ELCR1_WRITABLE);
        break;
    default:
        slave_.set_elcr(value & ELCR2_WRITABLE);
        break;
    }
}

std::uint32_t PicPair::port_read(std::uint16_t port, unsigned width) {
    std::uint32_t value = 0;
    for (unsigned i = 0; i < width; ++i)
        value |= static_cast<std::uint32_t>(read8(static_cast<std::uint16_t>(port + i))) << (8U * i);
    update(); // a poll acknowledges
    return value;
}

void PicPair::port_write(std::uint16_t port, unsigned width, std::uint32_t value) {
    for (unsigned i = 0; i < width; ++i)
        write8(static_cast<std::uint16_t>(port + i), static_cast<std::uint8_t>(value >> (8U * i)));
    update();
}

} // namespace ntferry::vmm
