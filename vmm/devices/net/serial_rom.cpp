// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/devices/net/serial_rom.hpp"

namespace ntferry::vmm::net {

void SerialRom::set_pins(bool select, bool clock, bool data_in) {
    if (!select) {
        started_ = reading_ = false;
        bits_ = command_ = 0;
        data_out_ = true;
    } else if (clock && !clock_) {
        clock_in(data_in);
    }
    clock_ = clock;
}

void SerialRom::clock_in(bool bit) {
    if (reading_) {
        const std::size_t word = command_ * 2U;
        const auto value = static_cast<std::uint16_t>(content_[word] | content_[word + 1] << 8U);
        data_out_ = (value >> (15U - bits_) & 1U) != 0;
        if (++bits_ == 16) { // sequential read goes on with the next word
            bits_ = 0;
            command_ = static_cast<std::uint8_t>((command_ + 1U) & 63U);
        }
        return;
    }
    if (!started_) {
        started_ = bit; // leading zeros do not count
        return;
    }
    if (bits_ == 8)
        return; // an opcode that is not READ: nothing follows
    command_ = static_cast<std::uint8_t>(command_ << 1U | (bit ? 1U : 0U));
    if (++bits_ < 8)
        return;
    constexpr std::uint8_t read_opcode = 0b10;
    if (command_ >> 6U == read_opcode) {
        reading_ = true;
        bits_ = 0;
        command_ &= 63U;
        data_out_ = false; // the dummy zero in front of the data
    }
}

void SerialRom::save(StateWriter& writer) const {
    writer.put_bytes(content_);
    writer.put(clock_);
    writer.put(data_out_);
    writer.put(started_);
    writer.put(reading_);
    writer.put(bits_);
    writer.put(command_);
}

void SerialRom::load(StateReader& reader) {
    reader.get_bytes(content_);
    clock_ = reader.get_bool();
    data_out_ = reader.get_bool();
    started_ = reader.get_bool();
    reading_ = reader.get_bool();
    bits_ = reader.get<std::uint8_t>() & 15U;
    command_ = reader.get<std::uint8_t>();
    if (reading_)
        command_ &= 63U;
}

} // namespace ntferry::vmm::net
