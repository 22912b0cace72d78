// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/devices/dma8237.hpp"

#include <algorithm>

namespace ntferry::vmm {
namespace {

// Command register: bit 2 disables the controller. Mode register: transfer type
// and two flags.
constexpr std::uint8_t command_disable = 0x04;
constexpr std::uint8_t mode_type = 0x0C;
constexpr std::uint8_t mode_to_memory = 0x04;
constexpr std::uint8_t mode_from_memory = 0x08;
constexpr std::uint8_t mode_autoinitialize = 0x10;
constexpr std::uint8_t mode_decrement = 0x20;

/// Offset from 80h of the page register of each channel; 4 is the refresh page.
constexpr std::array<std::uint8_t, 8> page_of = {0x7, 0x3, 0x1, 0x2, 0xF, 0xB, 0x9, 0xA};

std::uint8_t byte_of(std::uint16_t value, bool high) {
    return static_cast<std::uint8_t>(high ? value >> 8U : value);
}

void set_byte(std::uint16_t& value, bool high, std::uint8_t byte) {
    value = static_cast<std::uint16_t>(high ? (value & 0x00FFU) | unsigned{byte} << 8U
                                            : (value & 0xFF00U) | byte);
}

} // namespace

Dma8237::Dma8237(PortBus& ports, GuestMemory& memory) : ports_(ports), memory_(memory) {
    ports_.claim(0x00, 16, *this, name());
    ports_.claim(0x80, 16, *this, name());
    ports_.claim(0xC0, 32, *this, name());
    Dma8237::reset();
}

Dma8237::~Dma8237() {
    ports_.release(0x00, 16, *this);
    ports_.release(0x80, 16, *this);
    ports_.release(0xC0, 32, *this);
}

void Dma8237::reset() {
    chips_ = {};
    pages_ = {};
}

std::uint8_t Dma8237::read_register(Controller& chip, unsigned index) {
    if (index < 8) {
        const Channel& channel = chip.channels[index / 2];
        const bool high = chip.high_byte;
        chip.high_byte = !high;
        return byte_of((index & 1U) != 0 ? channel.count : channel.address, high);
    }
    switch (index) {
    case 8: {
        const std::uint8_t status = chip.status;
        chip.status &= 0xF0; // reading clears the terminal counts
        return status;
    }
    case 15:
        return static_cast<std::uint8_t>(0xF0U | chip.mask); // the PIIX3 lets the mask be read
    default:
        return 0x00; // temporary register and write-only ones
    }
}

void Dma8237::write_register(Controller& chip, unsigned index, std::uint8_t value) {
    const auto bit = static_cast<std::uint8_t>(1U << (value & 3U));
    switch (index) {
    case 8:
        chip.command = value;
        return;
    case 9:
        chip.software_request = static_cast<std::uint8_t>((value & 4U) != 0 ? chip.software_request | bit
                                                                            : chip.software_request & ~bit);
        return;
    case 10:
        chip.mask = static_cast<std::uint8_t>((value & 4U) != 0 ? chip.mask | bit : chip.mask & ~bit);
        return;
    case 11:
        chip.channels[value & 3U].mode = value & 0xFCU;
        return;
    case 12:
        chip.high_byte = false;
        return;
    case 13: // master clear
        chip.command = chip.software_request = 0;
        chip.status &= 0xF0;
        chip.mask = 0x0F;
        chip.high_byte = false;
        return;
    case 14:
        chip.mask = 0;
        return;
    case 15:
        chip.mask = value & 0x0FU;
        return;
    default: {
        Channel& channel = chip.channels[index / 2];
        const bool high = chip.high_byte;
        chip.high_byte = !high;
        set_byte((index & 1U) != 0 ? channel.base_count : channel.base_address, high, value);
        set_byte((index & 1U) != 0 ? channel.count : channel.address, high, value);
        return;
    }
    }
}

std::uint32_t Dma8237::port_read(std::uint16_t port, unsigned width) {
    std::uint32_t value = 0;
    for (unsigned i = 0; i < width; ++i) {
        const unsigned at = port + i;
        std::uint8_t byte = 0xFF;
        if (at < 0x10)
            byte = read_register(chips_[0], at);
        else if (at >= 0xC0)
            byte = read_register(chips_[1], (at - 0xC0) / 2);
        else
            byte = pages_[at & 15U];
        value |= static_cast<std::uint32_t>(byte) << (8U * i);
    }
    return value;
}

void Dma8237::port_write(std::uint16_t port, unsigned width, std::uint32_t value) {
    for (unsigned i = 0; i < width; ++i) {
        const unsigned at = port + i;
        const auto byte = static_cast<std::uint8_t>(value >> (8U * i));
        if (at < 0x10)
            write_register(chips_[0], at, byte);
        else if (at >= 0xC0)
            write_register(chips_[1], (at - 0xC0) / 2, byte);
        else
            pages_[at & 15U] = byte;
    }
}

void Dma8237::set_request(unsigned channel, bool active) {
    Controller& chip = chips_[channel >> 2U & 1U];
    const auto bit = static_cast<std::uint8_t>(0x10U << (channel & 3U));
    chip.status = static_cast<std::uint8_t>(active ? chip.status | bit : chip.status & ~bit);
}

bool Dma8237::usable(unsigned channel) const {
    const Controller& chip = chips_[channel >> 2U & 1U];
    const bool cascade_closed =
        channel < 4 && ((chips_[1].command & command_disable) != 0 || (chips_[1].mask & 1U) != 0);
    return (chip.command & command_disable) == 0 && (chip.mask >> (channel & 3U) & 1U) == 0 &&
           !cascade_closed;
}

template <typename Move>
Dma8237::Moved Dma8237::transfer(unsigned number, std::size_t length, Move move) {
    number &= 7U;
    Moved moved;
    if (!usable(number))
        return moved;
    Controller& chip = chips_[number >> 2U];
    Channel& channel = chip.channels[number & 3U];
    const unsigned unit = number >= 4 ? 2 : 1; // bytes of one transfer
    const GuestAddress page = GuestAddress{pages_[page_of[number]]} << 16U;
    const bool down = (channel.mode & mode_decrement) != 0;
    while (moved.bytes + unit <= length) {
        // As far as the address does not wrap and the count does not run out.
        const std::size_t until_wrap = down ? 1 : 0x10000U - channel.address;
        const std::size_t units =
            std::min({(length - moved.bytes) / unit, until_wrap, std::size_t{channel.count} + 1});
        const GuestAddress address = unit == 2
                                         ? (page & ~GuestAddress{0x1FFFF}) + GuestAddress{channel.address} * 2
                                         : page + channel.address;
        move(address, moved.bytes, units * unit);
        moved.bytes += units * unit;
        channel.address =
            static_cast<std::uint16_t>(down ? channel.address - units : channel.address + units);
        channel.count = static_cast<std::uint16_t>(channel.count - units);
        if (channel.count != 0xFFFF || units == 0)
            continue;
        moved.terminal_count = true;
        const auto bit = static_cast<std::uint8_t>(1U << (number & 3U));
        chip.status |= bit;
        if ((channel.mode & mode_autoinitialize) != 0) {
            channel.address = channel.base_address;
            channel.count = channel.base_count;
        } else {
            chip.mask |= bit;
        }
        break;
    }
    return moved;
}

Dma8237::Moved Dma8237::to_memory(unsigned channel, ByteView data) {
    const bool stores =
        (chips_[channel >> 2U & 1U].channels[channel & 3U].mode & mode_type) == mode_to_memory;
    return transfer(channel, data.size(), [&](GuestAddress address, std::size_t at, std::size_t count) {
        if (stores)
            memory_.write(address, data.subspan(at, count));
    });
}

Dma8237::Moved Dma8237::from_memory(unsigned channel, MutableByteView out) {
    const bool loads =
        (chips_[channel >> 2U & 1U].channels[channel & 3U].mode & mode_type) == mode_from_memory;
    return transfer(channel, out.size(), [&](GuestAddress address, std::size_t at, std::size_t count) {
        if (loads)
            memory_.read(address, out.subspan(at, count));
        else
            std::fill_n(out.begin() + static_cast<std::ptrdiff_t>(at), count, std::uint8_t{0});
    });
}

void Dma8237::save(StateWriter& writer) const {
    writer.version(1);
    for (const Controller& chip : chips_) {
        for (const Channel& channel : chip.channels) {
            for (const std::uint16_t value :
                 {channel.base_address, channel.base_count, channel.address, channel.count})
                writer.put(value);
            writer.put(channel.mode);
        }
        for (const std::uint8_t value : {chip.command, chip.status, chip.mask, chip.software_request})
            writer.put(value);
        writer.put(chip.high_byte);
    }
    writer.put_bytes(pages_);
}

void Dma8237::load(StateReader& reader) {
    reader.version(1, 1);
    for (Controller& chip : chips_) {
        for (Channel& channel : chip.channels) {
            for (std::uint16_t* value :
                 {&channel.base_address, &channel.base_count, &channel.address, &channel.count})
                *value = reader.get<std::uint16_t>();
            channel.mode = reader.get<std::uint8_t>();
        }
        for (std::uint8_t* value : {&chip.command, &chip.status, &chip.mask, &chip.software_request})
            *value = reader.get<std::uint8_t>();
        chip.mask &= 0x0F;
        chip.high_byte = reader.get_bool();
    }
    reader.get_bytes(pages_);
}

} // namespace ntferry::vmm
