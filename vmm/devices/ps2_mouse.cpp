// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/devices/ps2_mouse.hpp"

#include <algorithm>

namespace ntferry::vmm {
namespace {

constexpr std::uint8_t ACK = 0xFA;
constexpr std::uint8_t RESEND = 0xFE;
constexpr std::uint8_t ID_WHEEL = 3;
constexpr int MAX_WAITING = 4095;

/// Takes as much of a motion as one packet holds.
int take(int& value, int limit) {
    const int part = std::clamp(value, -limit, limit);
    value -= part;
    return part;
}

} // namespace

void Ps2Mouse::set_defaults() {
    rate_ = 100;
    resolution_ = 2;
    enabled_ = false;
    remote_ = false;
    scaling_ = false;
    wrap_ = false;
    dx_ = dy_ = wheel_ = 0;
    queue_.clear();
}

void Ps2Mouse::reset() {
    set_defaults();
    id_ = 0;
    command_ = 0;
    last_rates_ = {};
    buttons_ = sent_buttons_ = 0;
}

void Ps2Mouse::set_sample_rate(std::uint8_t rate) {
    rate_ = rate;
    last_rates_ = {last_rates_[1], last_rates_[2], rate};
    if (last_rates_ == std::array<std::uint8_t, 3>{200, 100, 80})
        id_ = ID_WHEEL;
}

void Ps2Mouse::argument(std::uint8_t value) {
    const std::uint8_t command = command_;
    command_ = 0;
    if (command == 0xF3) {
        set_sample_rate(value);
        queue_.answer({ACK});
    } else if (value <= 3) { // E8 set resolution
        resolution_ = value;
        queue_.answer({ACK});
    } else {
        queue_.answer({RESEND});
    }
}

void Ps2Mouse::receive(std::uint8_t value) {
    if (wrap_ && value != 0xEC && value != 0xFF) { // wrap mode: everything comes back
        queue_.answer({value});
        return;
    }
    if (command_ != 0)
        argument(value);
    else
        command(value);
}

void Ps2Mouse::command(std::uint8_t value) {
    switch (value) {
    case 0xE6: // scaling 1:1
    case 0xE7: // 2:1
        scaling_ = value == 0xE7;
        queue_.answer({ACK});
        break;
    case 0xE8: // set resolution
    case 0xF3: // set sample rate
        command_ = value;
        queue_.answer({ACK});
        break;
    case 0xE9: // status request
        queue_.answer(
            {ACK,
             static_cast<std::uint8_t>((remote_ ? 0x40U : 0U) | (enabled_ ? 0x20U : 0U) |
                                       (scaling_ ? 0x10U : 0U) | ((buttons_ & 1U) != 0 ? 4U : 0U) |
                                       ((buttons_ & 4U) != 0 ? 2U : 0U) | ((buttons_ & 2U) != 0 ? 1U : 0U)),
             resolution_, rate_});
        break;
    case 0xEA: // stream mode
    case 0xF0: // remote mode
        remote_ = value == 0xF0;
        queue_.answer({ACK});
        break;
    case 0xEB: // read data
        queue_.answer({ACK});
        send_packet();
        break;
    case 0xEC: // leave wrap mode
    case 0xEE: // enter it
        wrap_ = value == 0xEE;
        queue_.answer({ACK});
        break;
    case 0xF2:
        queue_.answer({ACK, id_});
        break;
    case 0xF4:
        enabled_ = true;
        dx_ = dy_ = wheel_ = 0;
        queue_.answer({ACK});
        break;
    case 0xF5:
        enabled_ = false;
        queue_.answer({ACK});
        break;
    case 0xF6:
        set_defaults();
        queue_.answer({ACK});
        break;
    case 0xFF:
        reset();
        queue_.answer({ACK, 0xAA, 0x00});
        break;
    default:
        queue_.answer({RESEND});
        break;
    }
}

bool Ps2Mouse::send_packet() {
    int dx = dx_;
    int dy = dy_;
    int wheel = wheel_;
    const int x = take(dx, 255);
    const int y = -take(dy, 255); // the mouse counts upwards
    Bytes packet = {
        static_cast<std::uint8_t>(0x08U | (buttons_ & 7U) | (x < 0 ? 0x10U : 0U) | (y < 0 ? 0x20U : 0U)),
        static_cast<std::uint8_t>(x), static_cast<std::uint8_t>(y)};
    if (id_ == ID_WHEEL)
        packet.push_back(static_cast<std::uint8_t>(take(wheel, 7)));
    else
        wheel = 0;
    if (!queue_.event(packet))
        return false;
    dx_ = dx;
    dy_ = dy;
    wheel_ = wheel;
    sent_buttons_ = buttons_;
    return true;
}

void Ps2Mouse::report() {
    if (!enabled_ || remote_)
        return;
    while ((dx_ != 0 || dy_ != 0 || wheel_ != 0 || buttons_ != sent_buttons_) && send_packet()) {
    }
}

void Ps2Mouse::move(int dx, int dy, int wheel, unsigned buttons) {
    if (!enabled_) {
        buttons_ = buttons & 7U;
        return;
    }
    const auto add = [](int& sum, int value) {
        sum = std::clamp(sum + std::clamp(value, -MAX_WAITING, MAX_WAITING), -MAX_WAITING, MAX_WAITING);
    };
    add(dx_, dx);
    add(dy_, dy);
    add(wheel_, wheel);
    buttons_ = buttons & 7U;
    report();
}

void Ps2Mouse::save(StateWriter& writer) const {
    queue_.save(writer);
    for (const std::uint8_t value : {command_, rate_, resolution_, id_})
        writer.put(value);
    for (const bool value : {enabled_, remote_, wrap_, scaling_})
        writer.put(value);
    writer.put_bytes(last_rates_);
    writer.put(static_cast<std::uint8_t>(buttons_));
    writer.put(static_cast<std::uint8_t>(sent_buttons_));
    for (const int value : {dx_, dy_, wheel_})
        writer.put(static_cast<std::int64_t>(value));
}

void Ps2Mouse::load(StateReader& reader) {
    queue_.load(reader);
    for (std::uint8_t* value : {&command_, &rate_, &resolution_, &id_})
        *value = reader.get<std::uint8_t>();
    for (bool* value : {&enabled_, &remote_, &wrap_, &scaling_})
        *value = reader.get_bool();
    reader.get_bytes(last_rates_);
    buttons_ = reader.get<std::uint8_t>() & 7U;
    sent_buttons_ = reader.get<std::uint8_t>() & 7U;
    for (int* value : {&dx_, &dy_, &wheel_})
        *value = static_cast<int>(std::clamp<std::int64_t>(reader.get_signed(), -MAX_WAITING, MAX_WAITING));
}

} // namespace ntferry::vmm
