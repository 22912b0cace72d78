// 8042 keyboard controller with a PS/2 keyboard and a PS/2 mouse.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// IBM PS/2 Hardware Interface Technical Reference, "Keyboard and auxiliary device controller"; Intel UPI-42
// (8042) data sheet for status and buffers. Ports 60h and 64h. A byte that is read makes room for the next
// one at once: no guest was found that minds, and the serial link's millisecond would only slow it down.
#pragma once

#include "vmm/bus/backends.hpp"
#include "vmm/bus/device.hpp"
#include "vmm/bus/irq_line.hpp"
#include "vmm/bus/port_bus.hpp"
#include "vmm/devices/ps2_keyboard.hpp"
#include "vmm/devices/ps2_mouse.hpp"

#include <array>
#include <functional>

namespace ntferry::vmm {

class I8042 final : public Device, public PortDevice, public InputSink {
  public:
    struct Wires {
        IrqLine& keyboard;
        IrqLine& mouse;
        std::function<void()> reset;       ///< the CPU reset pin, pulsed
        std::function<void(bool)> set_a20; ///< output port bit 1
        std::function<bool()> a20;
    };
    I8042(PortBus& ports, Wires wires);

    void key(std::uint32_t xt_code, bool pressed) override;
    void mouse(int dx, int dy, int wheel, unsigned buttons) override;
    std::uint8_t leds() const { return keyboard_.leds(); }

    std::string_view name() const override { return "i8042"; }
    void reset() override;
    void save(StateWriter& writer) const override;
    void load(StateReader& reader) override;
    std::uint32_t port_read(std::uint16_t port, unsigned width) override;
    void port_write(std::uint16_t port, unsigned width, std::uint32_t value) override;

  private:
    std::uint8_t read_data();
    std::uint8_t status() const;
    void write_command(std::uint8_t value);
    void write_data(std::uint8_t value);
    void write_output_port(std::uint8_t value);
    std::uint8_t output_port() const;
    void put(std::uint8_t value, bool from_mouse);
    void answer(std::uint8_t value) { put(value, false); }
    void fill();
    void update_lines();
    bool translate(std::uint8_t code, std::uint8_t& result);

    Wires wires_;
    Ps2Keyboard keyboard_;
    Ps2Mouse mouse_;
    std::array<std::uint8_t, 32> ram_{}; ///< [0] is the command byte
    std::uint8_t data_ = 0;              ///< output buffer
    bool full_ = false;                  ///< OBF
    bool from_mouse_ = false;            ///< AUX OBF
    bool last_was_command_ = false;
    std::uint8_t pending_command_ = 0; ///< waits for a data byte
    bool break_prefix_ = false;        ///< translation has seen F0h
};

} // namespace ntferry::vmm
