// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/devices/ioapic.hpp"

namespace ntferry::vmm {
namespace {

constexpr std::uint64_t IOREGSEL = 0x00;
constexpr std::uint64_t IOWIN = 0x10;
constexpr std::uint8_t IOAPICID = 0x00;
constexpr std::uint8_t IOAPICVER = 0x01;
constexpr std::uint8_t IOAPICARB = 0x02;
constexpr std::uint8_t IOREDTBL = 0x10;

// 3.2.4: the redirection table entry.
constexpr std::uint64_t INTVEC = 0xFF;
constexpr std::uint64_t DELMOD = 0x700;
constexpr std::uint64_t DESTMOD = 0x800;
constexpr std::uint64_t DELIVS = 0x1000;
constexpr std::uint64_t REMOTE_IRR = 0x4000;
constexpr std::uint64_t TRIGGER_LEVEL = 0x8000;
constexpr std::uint64_t MASK = 0x10000;
constexpr std::uint64_t WRITABLE = 0xFF0000000001AFFFULL & ~DELIVS;
constexpr unsigned DEST_SHIFT = 56;

constexpr std::uint32_t VERSION = 0x00170011; // 24 entries, version 11h

} // namespace

IoApic::IoApic(MmioBus& mmio, std::function<void(const Message&)> send, std::function<void()> changed)
    : send_(std::move(send)), changed_(std::move(changed)) {
    mmio.claim(default_address, 0x1000, *this, name());
    redirection_.fill(MASK);
}

void IoApic::reset() {
    redirection_.fill(MASK);
    select_ = 0;
    id_ = 0;
    changed_();
}

bool IoApic::masked(unsigned pin) const {
    return pin >= pins || (redirection_[pin] & MASK) != 0;
}

IoApic::Message IoApic::message(unsigned pin) const {
    const std::uint64_t entry = redirection_[pin];
    Message message;
    message.address = 0xFEE00000U | static_cast<std::uint32_t>(entry >> DEST_SHIFT) << 12U |
                      ((entry & DESTMOD) != 0 ? 4U : 0U);
    message.data =
        static_cast<std::uint32_t>(entry & (INTVEC | DELMOD | TRIGGER_LEVEL)) | 0x4000U; // asserted
    // Masking does not end what is in service: whoever gives an interrupt up masks its input and then waits
    // for Remote IRR to clear. It does at the EOI, of which the kernel tells only for messages it knows.
    message.valid = (entry & MASK) == 0 || (entry & REMOTE_IRR) != 0;
    return message;
}

void IoApic::service(unsigned pin) {
    std::uint64_t& entry = redirection_[pin];
    if ((entry & MASK) != 0)
        return;
    if ((entry & TRIGGER_LEVEL) != 0) {
        if (!lines_[pin] || (entry & REMOTE_IRR) != 0)
            return;
        entry |= REMOTE_IRR;
    }
    send_(message(pin));
}

void IoApic::set_pin(unsigned pin, bool level) {
    // Polarity is taken as the board wires it: high is active for ISA, PCI lines come inverted already.
    if (pin >= pins || lines_[pin] == level)
        return;
    lines_[pin] = level;
    if (level)
        service(pin);
}

void IoApic::end_of_interrupt(std::uint8_t vector) {
    for (unsigned pin = 0; pin < pins; ++pin) {
        std::uint64_t& entry = redirection_[pin];
        if ((entry & TRIGGER_LEVEL) == 0 || (entry & INTVEC) != vector || (entry & REMOTE_IRR) == 0)
            continue;
        entry &= ~REMOTE_IRR;
        service(pin);
    }
}

std::uint32_t IoApic::read_register() const {
    switch (select_) {
    case IOAPICID:
    case IOAPICARB:
        return static_cast<std::uint32_t>(id_) << 24U;
    case IOAPICVER:
        return VERSION;
    default:
        break;
    }
    const unsigned pin = (select_ - IOREDTBL) / 2U;
    if (select_ < IOREDTBL || pin >= pins)
        return 0;
    const std::uint64_t entry = redirection_[pin];
    return static_cast<std::uint32_t>((select_ & 1U) != 0 ? entry >> 32U : entry);
}

void IoApic::write_register(std::uint32_t value) {
    if (select_ == IOAPICID) {
        id_ = value >> 24U & 0x0FU;
        return;
    }
    const unsigned pin = (select_ - IOREDTBL) / 2U;
    if (select_ < IOREDTBL || pin >= pins)
        return;
    std::uint64_t& entry = redirection_[pin];
    const Message before = message(pin);
    const std::uint64_t written = (select_ & 1U) != 0 ? (entry & 0xFFFFFFFFU) | std::uint64_t{value} << 32U
                                                      : (entry & ~std::uint64_t{0xFFFFFFFF}) | value;
    entry = (written & WRITABLE) | (entry & REMOTE_IRR);
    if ((entry & TRIGGER_LEVEL) == 0)
        entry &= ~REMOTE_IRR; // an edge entry has none; firmware uses this to clear a stuck one
    if (!(message(pin) == before))
        changed_();
    if ((entry & TRIGGER_LEVEL) != 0)
        service(pin);
}

std::uint64_t IoApic::mmio_read(std::uint64_t offset, unsigned) {
    if (offset == IOREGSEL)
        return select_;
    return offset == IOWIN ? read_register() : 0;
}

void IoApic::mmio_write(std::uint64_t offset, unsigned, std::uint64_t value) {
    if (offset == IOREGSEL)
        select_ = static_cast<std::uint8_t>(value);
    else if (offset == IOWIN)
        write_register(static_cast<std::uint32_t>(value));
}

void IoApic::save(StateWriter& writer) const {
    writer.version(1);
    for (const std::uint64_t entry : redirection_)
        writer.put(entry);
    for (const bool line : lines_)
        writer.put(line);
    writer.put(select_);
    writer.put(id_);
}

void IoApic::load(StateReader& reader) {
    reader.version(1, 1);
    for (std::uint64_t& entry : redirection_)
        entry = reader.get<std::uint64_t>() & (WRITABLE | REMOTE_IRR);
    for (bool& line : lines_)
        line = reader.get_bool();
    select_ = reader.get<std::uint8_t>();
    id_ = reader.get<std::uint8_t>() & 0x0FU;
    changed_();
}

} // namespace ntferry::vmm
