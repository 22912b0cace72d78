// PS/2 keyboard: 101/102 keys, scan code set 2 (and 1 and 3 on request), command set of the IBM keyboard.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// IBM PS/2 Hardware Interface Technical Reference, "Keyboard/Auxiliary Device" (1988). The 8042 translates
// what it sends to set 1, which is what NT, DOS and Linux expect.
#pragma once

#include "vmm/devices/ps2_queue.hpp"

namespace ntferry::vmm {

class Ps2Keyboard {
  public:
    static constexpr std::size_t buffer_size = 16;

    void reset();
    /// A byte from the system.
    void receive(std::uint8_t value);
    /// XT (set 1) make code, E0-prefixed as 0xE000 | code, Pause as 0xE11D45.
    void key(std::uint32_t xt_code, bool pressed);
    Ps2Queue& output() { return queue_; }
    /// Bit 0 scroll, 1 num, 2 caps lock.
    std::uint8_t leds() const { return leds_; }

    void save(StateWriter& writer) const;
    void load(StateReader& reader);

  private:
    void set_defaults();
    void argument(std::uint8_t value);
    void put_set2(std::uint32_t xt_code, bool pressed);

    Ps2Queue queue_{buffer_size};
    std::uint8_t command_ = 0; ///< waits for its argument; 0: none
    std::uint8_t leds_ = 0;
    std::uint8_t scan_set_ = 2;
    bool scanning_ = true;
};

/// Scan code set 2 from set 1 and back, as the 8042 does it.
std::uint8_t set2_from_set1(std::uint8_t xt_code);
std::uint8_t set1_from_set2(std::uint8_t code);

} // namespace ntferry::vmm
