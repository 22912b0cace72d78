// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/devices/ps2_keyboard.hpp"

#include <array>

namespace ntferry::vmm {
namespace {

constexpr std::uint8_t ACK = 0xFA;
constexpr std::uint8_t RESEND = 0xFE;
constexpr std::uint8_t SELF_TEST_PASSED = 0xAA;
constexpr std::uint8_t OVERRUN = 0x00;
constexpr std::uint8_t BREAK = 0xF0;

/// Set 1 code of each set 2 code below 80h: the translation table of the 8042's keyboard controller firmware
/// (IBM technical reference, "Scan code translation").
constexpr std::array<std::uint8_t, 128> TO_SET1 = {
    0xFF, 0x43, 0x41, 0x3F, 0x3D, 0x3B, 0x3C, 0x58, 0x64, 0x44, 0x42, 0x40, 0x3E, 0x0F, 0x29, 0x59, //
    0x65, 0x38, 0x2A, 0x70, 0x1D, 0x10, 0x02, 0x5A, 0x66, 0x71, 0x2C, 0x1F, 0x1E, 0x11, 0x03, 0x5B, //
    0x67, 0x2E, 0x2D, 0x20, 0x12, 0x05, 0x04, 0x5C, 0x68, 0x39, 0x2F, 0x21, 0x14, 0x13, 0x06, 0x5D, //
    0x69, 0x31, 0x30, 0x23, 0x22, 0x15, 0x07, 0x5E, 0x6A, 0x72, 0x32, 0x24, 0x16, 0x08, 0x09, 0x5F, //
    0x6B, 0x33, 0x25, 0x17, 0x18, 0x0B, 0x0A, 0x60, 0x6C, 0x34, 0x35, 0x26, 0x27, 0x19, 0x0C, 0x61, //
    0x6D, 0x73, 0x28, 0x74, 0x1A, 0x0D, 0x62, 0x6E, 0x3A, 0x36, 0x1C, 0x1B, 0x75, 0x2B, 0x63, 0x76, //
    0x55, 0x56, 0x77, 0x78, 0x79, 0x7A, 0x0E, 0x7B, 0x7C, 0x4F, 0x7D, 0x4B, 0x47, 0x7E, 0x7F, 0x6F, //
    0x52, 0x53, 0x50, 0x4C, 0x4D, 0x48, 0x01, 0x45, 0x57, 0x4E, 0x51, 0x4A, 0x37, 0x49, 0x46, 0x54, //
};

constexpr std::array<std::uint8_t, 128> invert() {
    std::array<std::uint8_t, 128> table{};
    for (std::size_t code = 0; code < TO_SET1.size(); ++code)
        if (TO_SET1[code] < 0x80)
            table[TO_SET1[code]] = static_cast<std::uint8_t>(code);
    table[0x41] = 0x83; // F7 and SysRq lie above 7Fh
    table[0x54] = 0x84;
    return table;
}

constexpr std::array<std::uint8_t, 128> TO_SET2 = invert();

} // namespace

std::uint8_t set2_from_set1(std::uint8_t xt_code) {
    return TO_SET2[xt_code & 0x7FU];
}

std::uint8_t set1_from_set2(std::uint8_t code) {
    if (code == 0x83)
        return 0x41;
    if (code == 0x84)
        return 0x54;
    return code < 0x80 ? TO_SET1[code] : code;
}

void Ps2Keyboard::set_defaults() {
    queue_.clear();
    scan_set_ = 2;
    scanning_ = true;
}

void Ps2Keyboard::reset() {
    set_defaults();
    leds_ = 0;
    command_ = 0;
}

void Ps2Keyboard::argument(std::uint8_t value) {
    const std::uint8_t command = command_;
    command_ = 0;
    switch (command) {
    case 0xED: // set indicators
        leds_ = value & 7U;
        queue_.answer({ACK});
        break;
    case 0xF0: // scan code set: 0 asks
        if (value == 0) {
            queue_.answer({ACK, scan_set_});
        } else if (value <= 3) {
            scan_set_ = value;
            queue_.answer({ACK});
        } else {
            queue_.answer({RESEND});
        }
        break;
    default: // F3 typematic rate, FB-FD per-key settings
        queue_.answer({ACK});
        break;
    }
}

void Ps2Keyboard::receive(std::uint8_t value) {
    if (command_ != 0 && value < 0xED) {
        argument(value);
        return;
    }
    command_ = 0;
    switch (value) {
    case 0xED:
    case 0xF0:
    case 0xF3:
    case 0xFB:
    case 0xFC:
    case 0xFD:
        command_ = value;
        queue_.answer({ACK});
        break;
    case 0xEE: // echo
        queue_.answer({0xEE});
        break;
    case 0xF2: // identify
        queue_.answer({ACK, 0xAB, 0x83});
        break;
    case 0xF4: // enable
        queue_.clear();
        scanning_ = true;
        queue_.answer({ACK});
        break;
    case 0xF5: // default and disable
        set_defaults();
        scanning_ = false;
        queue_.answer({ACK});
        break;
    case 0xF6: // default
        set_defaults();
        queue_.answer({ACK});
        break;
    case 0xF7: // all keys typematic, make/break, ...: set 3 only
    case 0xF8:
    case 0xF9:
    case 0xFA:
        queue_.answer({ACK});
        break;
    case 0xFF:
        reset();
        queue_.answer({ACK, SELF_TEST_PASSED});
        break;
    default: // FE wants the last byte again; nothing gets lost here
        queue_.answer({RESEND});
        break;
    }
}

void Ps2Keyboard::put_set2(std::uint32_t xt_code, bool pressed) {
    Bytes bytes;
    if (xt_code == 0xE11D45) { // Pause has no break code
        if (!pressed)
            return;
        bytes = {0xE1, 0x14, 0x77, 0xE1, 0xF0, 0x14, 0xF0, 0x77};
    } else {
        if ((xt_code & 0xFF00U) == 0xE000U)
            bytes.push_back(0xE0);
        if (!pressed)
            bytes.push_back(BREAK);
        bytes.push_back(set2_from_set1(static_cast<std::uint8_t>(xt_code & 0x7FU)));
    }
    if (!queue_.event(bytes) && queue_.size() == buffer_size - 1)
        queue_.answer({OVERRUN});
}

void Ps2Keyboard::key(std::uint32_t xt_code, bool pressed) {
    if (!scanning_ || (xt_code & 0x7FU) == 0)
        return;
    if (scan_set_ != 1) {
        put_set2(xt_code, pressed);
        return;
    }
    Bytes bytes;
    if (xt_code == 0xE11D45) {
        if (!pressed)
            return;
        bytes = {0xE1, 0x1D, 0x45, 0xE1, 0x9D, 0xC5};
    } else {
        if ((xt_code & 0xFF00U) == 0xE000U)
            bytes.push_back(0xE0);
        bytes.push_back(static_cast<std::uint8_t>((xt_code & 0x7FU) | (pressed ? 0U : 0x80U)));
    }
    queue_.event(bytes);
}

void Ps2Keyboard::save(StateWriter& writer) const {
    queue_.save(writer);
    for (const std::uint8_t value : {command_, leds_, scan_set_})
        writer.put(value);
    writer.put(scanning_);
}

void Ps2Keyboard::load(StateReader& reader) {
    queue_.load(reader);
    command_ = reader.get<std::uint8_t>();
    leds_ = reader.get<std::uint8_t>() & 7U;
    scan_set_ = reader.get<std::uint8_t>();
    scanning_ = reader.get_bool();
    if (scan_set_ < 1 || scan_set_ > 3)
        throw Error("keyboard", "saved state has an impossible scan code set");
}

} // namespace ntferry::vmm
