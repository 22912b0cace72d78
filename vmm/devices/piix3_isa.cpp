// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/devices/piix3_isa.hpp"

namespace ntferry::vmm {
namespace {

constexpr std::uint8_t PIRQRC = 0x60;
constexpr std::uint8_t PIRQRC_DISABLED = 0x80;
constexpr std::uint8_t PORT92_FAST_INIT = 0x01;
constexpr std::uint8_t PORT92_FAST_A20 = 0x02;
/// PIRQRC: IRQ 0, 1, 2, 8 and 13 are reserved and route nowhere.
constexpr std::uint16_t ROUTABLE = 0xDEF8;

struct Register {
    std::uint8_t offset;
    std::uint8_t reset;
    std::uint8_t writable;
};

constexpr Register REGISTERS[] = {
    {0x4C, 0x4D, 0x7F},                                                             // 2.2.9 IORT
    {0x4E, 0x03, 0xFF}, {0x4F, 0x00, 0x01},                                         // 2.2.10 XBCS
    {0x60, 0x80, 0x8F}, {0x61, 0x80, 0x8F}, {0x62, 0x80, 0x8F}, {0x63, 0x80, 0x8F}, // 2.2.11 PIRQRC
    {0x69, 0x02, 0xFE},                                                             // 2.2.12 TOM
    {0x6A, 0x00, 0x44}, {0x6B, 0x00, 0x80},                                         // 2.2.13 MSTAT
    {0x70, 0x80, 0xEF}, {0x71, 0x80, 0xEF},                                         // 2.2.14 MBIRQ
    {0x76, 0x0C, 0x8F}, {0x77, 0x0C, 0x8F},                                         // 2.2.15 MBDMA
    {0x78, 0x02, 0xFF}, {0x79, 0x00, 0xFF},                                         // 2.2.16 PCSC
    {0x80, 0x00, 0x7F},                                                             // 2.2.17 APICBASE
    {0x82, 0x00, 0x0F},                                                             // 2.2.18 DLC
    {0xA0, 0x08, 0x1F},                                                             // 2.2.19 SMICNTL
    {0xA2, 0x00, 0xFF}, {0xA3, 0x00, 0x01},                                         // 2.2.20 SMIEN
    {0xA4, 0x00, 0xFF}, {0xA5, 0x00, 0xFF}, {0xA6, 0x00, 0xFF}, {0xA7, 0x00, 0xFF}, // 2.2.21 SEE
    {0xA8, 0x0F, 0xFF},                                                             // 2.2.22 FTMR
    {0xAC, 0x00, 0xFF}, {0xAE, 0x00, 0xFF},                                         // 2.2.24 CTLTMR, CTHTMR
};

} // namespace

Piix3Isa::Piix3Isa(PortBus& ports, std::function<IrqLine&(unsigned irq)> isa_irq, std::function<void()> reset,
                   std::function<void(unsigned pirq, bool level)> pirq)
    : isa_irq_(std::move(isa_irq)), reset_request_(std::move(reset)), pirq_changed_(std::move(pirq)) {
    for (unsigned slot = 0; slot < wires_.size(); ++slot)
        for (unsigned pin = 0; pin < 4; ++pin) {
            wires_[slot][pin].bridge = this;
            wires_[slot][pin].pirq = (slot + 3 + pin) & 3U; // slot - 1 + pin
        }
    ports.claim(0x92, 1, *this, name());
    reset_config();
}

IrqLine& Piix3Isa::interrupt(unsigned slot, unsigned pin) {
    return wires_[slot & 31U][(pin - 1U) & 3U];
}

unsigned Piix3Isa::route(unsigned pirq) const {
    const std::uint8_t value = config()[PIRQRC + (pirq & 3U)];
    const unsigned irq = value & 15U;
    return (value & PIRQRC_DISABLED) != 0 || (ROUTABLE >> irq & 1U) == 0 ? 0 : irq;
}

void Piix3Isa::reset_config() {
    reset_header(0x8086, 0x7000, 0x060100, 0x00);
    config()[0x0E] = 0x80;                           // multi-function
    store_le<std::uint16_t>(config(), 0x04, 0x0007); // 2.2.3: I/O, memory and bus master, fixed
    store_le<std::uint16_t>(write_mask(), 0x04, 0x0108);
    store_le<std::uint16_t>(config(), 0x06, 0x0200);
    write_mask()[0x3C] = 0;
    write_mask()[0x0D] = 0;
    for (const Register& r : REGISTERS) {
        config()[r.offset] = r.reset;
        write_mask()[r.offset] = r.writable;
    }
    w1c_mask()[0x6B] = 0x00;
    port92_ = PORT92_FAST_A20;
}

void Piix3Isa::reset() {
    reset_config();
    drive_all();
}

void Piix3Isa::wire_changed(unsigned pirq, bool level) {
    unsigned& count = active_[pirq];
    count += level ? 1U : ~0U;
    if (count != (level ? 1U : 0U))
        return; // another device holds it up
    if (pirq_changed_)
        pirq_changed_(pirq, level);
    if (const unsigned irq = route(pirq); irq != 0)
        drive(irq);
}

void Piix3Isa::drive(unsigned irq) {
    bool level = false;
    for (unsigned pirq = 0; pirq < active_.size(); ++pirq)
        level = level || (active_[pirq] != 0 && route(pirq) == irq);
    if (level != driven_[irq]) {
        driven_[irq] = level;
        isa_irq_(irq).set(level);
    }
}

void Piix3Isa::drive_all() {
    for (unsigned irq = 3; irq < driven_.size(); ++irq)
        if ((ROUTABLE >> irq & 1U) != 0)
            drive(irq);
}

void Piix3Isa::config_written(std::uint8_t offset, unsigned width) {
    if (offset <= PIRQRC + 3 && offset + width > PIRQRC)
        drive_all();
}

std::uint32_t Piix3Isa::port_read(std::uint16_t, unsigned) {
    return port92_;
}

void Piix3Isa::port_write(std::uint16_t, unsigned, std::uint32_t value) {
    const auto byte = static_cast<std::uint8_t>(value);
    const bool reset = (byte & PORT92_FAST_INIT) != 0 && (port92_ & PORT92_FAST_INIT) == 0;
    port92_ = byte & (PORT92_FAST_A20 | PORT92_FAST_INIT);
    if (reset)
        reset_request_();
}

void Piix3Isa::save(StateWriter& writer) const {
    writer.version(1);
    save_config(writer);
    writer.put(port92_);
}

void Piix3Isa::load(StateReader& reader) {
    reader.version(1, 1);
    load_config(reader);
    port92_ = reader.get<std::uint8_t>() & 3U;
    // Levels come from the devices, which set their wires while they load.
    drive_all();
}

} // namespace ntferry::vmm
