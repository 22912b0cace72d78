// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/devices/i8042.hpp"

namespace ntferry::vmm {
namespace {

constexpr std::uint16_t PORT_DATA = 0x60;
constexpr std::uint16_t PORT_COMMAND = 0x64;

constexpr std::uint8_t STATUS_OBF = 0x01;
constexpr std::uint8_t STATUS_SYS = 0x04;
constexpr std::uint8_t STATUS_COMMAND = 0x08;
constexpr std::uint8_t STATUS_UNLOCKED = 0x10;
constexpr std::uint8_t STATUS_AUX_OBF = 0x20;

constexpr std::uint8_t CTR_KBD_INT = 0x01;
constexpr std::uint8_t CTR_AUX_INT = 0x02;
constexpr std::uint8_t CTR_SYS = 0x04;
constexpr std::uint8_t CTR_KBD_OFF = 0x10;
constexpr std::uint8_t CTR_AUX_OFF = 0x20;
constexpr std::uint8_t CTR_TRANSLATE = 0x40;

constexpr std::uint8_t OUT_RESET = 0x01; // active low
constexpr std::uint8_t OUT_A20 = 0x02;
constexpr std::uint8_t OUT_OBF = 0x10;
constexpr std::uint8_t OUT_AUX_OBF = 0x20;

} // namespace

I8042::I8042(PortBus& ports, Wires wires) : wires_(std::move(wires)) {
    ports.claim(PORT_DATA, 1, *this, name());
    ports.claim(PORT_COMMAND, 1, *this, name());
    reset();
}

void I8042::reset() {
    keyboard_.reset();
    mouse_.reset();
    ram_ = {};
    // As a BIOS would find it after the controller's power-on test: translation on, both interrupts off.
    ram_[0] = CTR_TRANSLATE | CTR_KBD_OFF | CTR_AUX_OFF;
    full_ = from_mouse_ = last_was_command_ = break_prefix_ = false;
    data_ = 0;
    pending_command_ = 0;
    update_lines();
}

void I8042::update_lines() {
    const bool keyboard = full_ && !from_mouse_ && (ram_[0] & CTR_KBD_INT) != 0;
    const bool mouse = full_ && from_mouse_ && (ram_[0] & CTR_AUX_INT) != 0;
    wires_.keyboard.set(keyboard);
    wires_.mouse.set(mouse);
}

void I8042::put(std::uint8_t value, bool from_mouse) {
    // An edge for every byte, also when the last one is overwritten.
    full_ = false;
    update_lines();
    data_ = value;
    full_ = true;
    from_mouse_ = from_mouse;
    update_lines();
}

bool I8042::translate(std::uint8_t code, std::uint8_t& result) {
    if ((ram_[0] & CTR_TRANSLATE) == 0) {
        result = code;
        return true;
    }
    if (code == 0xF0) {
        break_prefix_ = true;
        return false;
    }
    result = code >= 0xE0 ? code : set1_from_set2(code); // answers and prefixes pass
    if (break_prefix_)
        result |= 0x80U;
    break_prefix_ = false;
    return true;
}

/// Moves the next byte of a device into the empty output buffer.
void I8042::fill() {
    while (!full_) {
        if (!keyboard_.output().empty() && (ram_[0] & CTR_KBD_OFF) == 0) {
            std::uint8_t value = 0;
            if (translate(keyboard_.output().take(), value))
                put(value, false);
        } else if (!mouse_.output().empty() && (ram_[0] & CTR_AUX_OFF) == 0) {
            put(mouse_.output().take(), true);
        } else {
            return;
        }
    }
}

std::uint8_t I8042::status() const {
    return static_cast<std::uint8_t>(
        STATUS_UNLOCKED | (full_ ? STATUS_OBF : 0U) | (full_ && from_mouse_ ? STATUS_AUX_OBF : 0U) |
        ((ram_[0] & CTR_SYS) != 0 ? STATUS_SYS : 0U) | (last_was_command_ ? STATUS_COMMAND : 0U));
}

std::uint8_t I8042::read_data() {
    const std::uint8_t value = data_;
    full_ = false;
    update_lines();
    fill();
    return value;
}

std::uint8_t I8042::output_port() const {
    return static_cast<std::uint8_t>(0xC0U | OUT_RESET | (wires_.a20() ? OUT_A20 : 0U) |
                                     (full_ && !from_mouse_ ? OUT_OBF : 0U) |
                                     (full_ && from_mouse_ ? OUT_AUX_OBF : 0U));
}

void I8042::write_output_port(std::uint8_t value) {
    wires_.set_a20((value & OUT_A20) != 0);
    if ((value & OUT_RESET) == 0)
        wires_.reset();
}

void I8042::write_command(std::uint8_t value) {
    last_was_command_ = true;
    pending_command_ = 0;
    if (value >= 0x20 && value < 0x40) {
        answer(ram_[value & 0x1FU]);
        return;
    }
    if (value >= 0x60 && value < 0x80) {
        pending_command_ = value;
        return;
    }
    if (value >= 0xF0) { // pulse output port bits, active low
        if ((value & OUT_RESET) == 0)
            wires_.reset();
        return;
    }
    switch (value) {
    case 0xA7:
        ram_[0] |= CTR_AUX_OFF;
        break;
    case 0xA8:
        ram_[0] = static_cast<std::uint8_t>(ram_[0] & ~CTR_AUX_OFF);
        fill();
        break;
    case 0xA9: // auxiliary interface test: no error
        answer(0x00);
        break;
    case 0xAA: // self test
        ram_[0] |= CTR_SYS;
        answer(0x55);
        break;
    case 0xAB: // keyboard interface test: no error
        answer(0x00);
        break;
    case 0xAD:
        ram_[0] |= CTR_KBD_OFF;
        break;
    case 0xAE:
        ram_[0] = static_cast<std::uint8_t>(ram_[0] & ~CTR_KBD_OFF);
        fill();
        break;
    case 0xC0: // input port: keyboard not locked
        answer(0x80);
        break;
    case 0xD0:
        answer(output_port());
        break;
    case 0xD1: // write output port
    case 0xD2: // write keyboard output buffer
    case 0xD3: // write auxiliary output buffer
    case 0xD4: // write to auxiliary device
        pending_command_ = value;
        break;
    case 0xDD:
        wires_.set_a20(false);
        break;
    case 0xDF:
        wires_.set_a20(true);
        break;
    case 0xE0: // test inputs: clock and data high
        answer(0x03);
        break;
    default:
        break;
    }
}

void I8042::write_data(std::uint8_t value) {
    last_was_command_ = false;
    const std::uint8_t command = pending_command_;
    pending_command_ = 0;
    if (command >= 0x60 && command < 0x80) {
        ram_[command & 0x1FU] = value;
        update_lines();
        fill();
        return;
    }
    switch (command) {
    case 0xD1:
        write_output_port(value);
        break;
    case 0xD2:
        put(value, false);
        break;
    case 0xD3:
        put(value, true);
        break;
    case 0xD4:
        ram_[0] = static_cast<std::uint8_t>(ram_[0] & ~CTR_AUX_OFF);
        mouse_.receive(value);
        break;
    default:
        // Sending to the keyboard turns its clock on.
        ram_[0] = static_cast<std::uint8_t>(ram_[0] & ~CTR_KBD_OFF);
        keyboard_.receive(value);
        break;
    }
    fill();
}

void I8042::key(std::uint32_t xt_code, bool pressed) {
    keyboard_.key(xt_code, pressed);
    fill();
}

void I8042::mouse(int dx, int dy, int wheel, unsigned buttons) {
    mouse_.move(dx, dy, wheel, buttons);
    fill();
}

std::uint32_t I8042::port_read(std::uint16_t port, unsigned) {
    return port == PORT_DATA ? read_data() : status();
}

void I8042::port_write(std::uint16_t port, unsigned, std::uint32_t value) {
    if (port == PORT_DATA)
        write_data(static_cast<std::uint8_t>(value));
    else
        write_command(static_cast<std::uint8_t>(value));
}

void I8042::save(StateWriter& writer) const {
    writer.version(1);
    keyboard_.save(writer);
    mouse_.save(writer);
    writer.put_bytes(ram_);
    writer.put(data_);
    writer.put(full_);
    writer.put(from_mouse_);
    writer.put(last_was_command_);
    writer.put(pending_command_);
    writer.put(break_prefix_);
}

void I8042::load(StateReader& reader) {
    reader.version(1, 1);
    keyboard_.load(reader);
    mouse_.load(reader);
    reader.get_bytes(ram_);
    data_ = reader.get<std::uint8_t>();
    full_ = reader.get_bool();
    from_mouse_ = reader.get_bool();
    last_was_command_ = reader.get_bool();
    pending_command_ = reader.get<std::uint8_t>();
    break_prefix_ = reader.get_bool();
    update_lines();
}

} // namespace ntferry::vmm
