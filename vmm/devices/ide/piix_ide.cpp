// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/devices/ide/piix_ide.hpp"

namespace ntferry::vmm {
namespace {

constexpr std::uint8_t reg_bmiba = 0x20;
constexpr std::uint8_t reg_idetim = 0x40; // primary; secondary at 42h
constexpr std::uint8_t reg_sidetim = 0x44;
constexpr std::uint16_t idetim_decode = 0x8000;
constexpr std::uint16_t bus_master_ports = 16;

} // namespace

PiixIde::PiixIde(PortBus& ports, GuestMemory& memory, Clock& clock, IrqLine& irq14, IrqLine& irq15,
                 PiixIdeOptions options)
    : ports_(ports), sides_{std::make_unique<Side>(IdeChannel::Ports{0x1F0, 0x3F6}, memory, clock, irq14,
                                                   options.interrupt_delay),
                            std::make_unique<Side>(IdeChannel::Ports{0x170, 0x376}, memory, clock, irq15,
                                                   options.interrupt_delay)},
      bus_master_moved_(std::move(options.bus_master_moved)) {
    PiixIde::reset();
}

PiixIde::~PiixIde() {
    bus_master_moved_ = {};
    decode_bus_master(0);
    for (const auto& side : sides_)
        decode_channel(*side, false);
}

void PiixIde::attach(unsigned channel, unsigned unit, std::unique_ptr<IdeDrive> drive) {
    Side& side = *sides_[channel & 1U];
    side.channel.attach(unit, std::move(drive));
    side.bus_master.reset(side.channel.dma_capable_bits());
}

bool PiixIde::expects_data() const {
    return sides_[0]->channel.expects_data() || sides_[1]->channel.expects_data();
}

void PiixIde::reset_config() {
    reset_header(0x8086, 0x7010, 0x010180, 0x00);
    store_le<std::uint16_t>(write_mask(), 0x04, 0x0005); // PCICMD: IOSE and BME are all there is
    store_le<std::uint16_t>(config(), 0x04, 0x0005);
    store_le<std::uint16_t>(config(), 0x06, 0x0280); // medium DEVSEL#, fast back-to-back
    store_le<std::uint16_t>(w1c_mask(), 0x06, 0x3800);
    config()[reg_bmiba] = 0x01; // I/O space
    // The chip wires bits 31-16 to zero. SeaBIOS takes that for a BAR of 4 GiB and stops, so they are
    // writable.
    store_le<std::uint32_t>(write_mask(), reg_bmiba, 0xFFFFFFF0);
    for (const std::uint8_t at : {reg_idetim, static_cast<std::uint8_t>(reg_idetim + 2)}) {
        store_le<std::uint16_t>(config(), at, idetim_decode);
        store_le<std::uint16_t>(write_mask(), at, 0xF3FF);
    }
    write_mask()[reg_sidetim] = 0xFF;
}

void PiixIde::reset() {
    reset_config();
    for (const auto& side : sides_) {
        side->channel.reset();
        side->bus_master.reset(side->channel.dma_capable_bits());
    }
    update_decoding();
}

void PiixIde::config_written(std::uint8_t, unsigned) {
    update_decoding();
}

void PiixIde::update_decoding() {
    for (std::size_t i = 0; i < 2; ++i) {
        const auto timing = load_le<std::uint16_t>(config(), reg_idetim + 2 * i);
        decode_channel(*sides_[i], io_enabled() && (timing & idetim_decode) != 0);
        sides_[i]->bus_master.set_mastering(bus_master_enabled());
    }
    const std::uint32_t bar = load_le<std::uint32_t>(config(), reg_bmiba) & ~15U;
    const auto base = static_cast<std::uint16_t>(bar <= 0xFFFF ? bar : 0);
    decode_bus_master(io_enabled() ? base : std::uint16_t{0});
}

bool PiixIde::free_ports(std::uint16_t first, unsigned count) const {
    for (unsigned i = 0; i < count; ++i)
        if (first + i > 0xFFFF || !ports_.owner(static_cast<std::uint16_t>(first + i)).empty())
            return false;
    return true;
}

void PiixIde::decode_channel(Side& side, bool on) {
    const IdeChannel::Ports& at = side.channel.ports();
    if (side.claimed && !on) {
        ports_.release(at.command, 8, side.channel);
        ports_.release(at.control, 1, side.channel);
        side.claimed = false;
    } else if (!side.claimed && on && free_ports(at.command, 8) && free_ports(at.control, 1)) {
        ports_.claim(at.command, 8, side.channel, name());
        ports_.claim(at.control, 1, side.channel, name());
        side.claimed = true;
    }
}

/// The guest chooses the address: where another device answers already, the bus master does not.
void PiixIde::decode_bus_master(std::uint16_t base) {
    if (base == bus_master_base_)
        return;
    if (bus_master_base_ != 0)
        ports_.release(bus_master_base_, bus_master_ports, *this);
    bus_master_base_ = 0;
    if (base != 0 && free_ports(base, bus_master_ports)) {
        ports_.claim(base, bus_master_ports, *this, name());
        bus_master_base_ = base;
    }
    if (bus_master_moved_)
        bus_master_moved_(bus_master_base_);
}

std::uint32_t PiixIde::port_read(std::uint16_t port, unsigned width) {
    std::uint32_t value = 0;
    for (unsigned i = 0; i < width; ++i) {
        const unsigned offset = (port + i - bus_master_base_) & 0xFU;
        value |= static_cast<std::uint32_t>(sides_[offset >> 3U]->bus_master.read(offset & 7U)) << (8U * i);
    }
    return value;
}

void PiixIde::port_write(std::uint16_t port, unsigned width, std::uint32_t value) {
    for (unsigned i = 0; i < width; ++i) {
        const unsigned offset = (port + i - bus_master_base_) & 0xFU;
        Side& side = *sides_[offset >> 3U];
        if (side.bus_master.write(offset & 7U, static_cast<std::uint8_t>(value >> (8U * i))))
            side.channel.bus_master_started();
    }
}

void PiixIde::save(StateWriter& writer) const {
    writer.version(1);
    save_config(writer);
    for (const auto& side : sides_) {
        side->bus_master.save(writer);
        side->channel.save(writer);
    }
}

void PiixIde::load(StateReader& reader) {
    reader.version(1, 1);
    load_config(reader);
    update_decoding();
    for (const auto& side : sides_) {
        side->bus_master.load(reader);
        side->channel.load(reader);
    }
}

} // namespace ntferry::vmm
