// PS/2 mouse with a wheel (IntelliMouse).
// SPDX-License-Identifier: GPL-3.0-or-later
//
// IBM PS/2 Hardware Interface Technical Reference, "Auxiliary device"; Microsoft "Intellimouse" knock: sample
// rates 200, 100, 80 turn on the wheel (id 3). NT's driver sends 200, 100, 80, 60 while it looks for a wheel
// and resets afterwards: a reset always goes back to the plain three-byte mouse.
#pragma once

#include "vmm/devices/ps2_queue.hpp"

#include <array>

namespace ntferry::vmm {

class Ps2Mouse {
  public:
    static constexpr std::size_t buffer_size = 64;

    void reset();
    void receive(std::uint8_t value);
    /// Moved since the last call; dy grows downwards, as on a screen. buttons: 0 left, 1 right, 2 middle.
    void move(int dx, int dy, int wheel, unsigned buttons);
    Ps2Queue& output() { return queue_; }

    void save(StateWriter& writer) const;
    void load(StateReader& reader);

  private:
    void set_defaults();
    void argument(std::uint8_t value);
    void command(std::uint8_t value);
    void set_sample_rate(std::uint8_t rate);
    bool send_packet();
    void report();

    Ps2Queue queue_{buffer_size};
    std::uint8_t command_ = 0;
    std::uint8_t rate_ = 100;
    std::uint8_t resolution_ = 2;
    std::uint8_t id_ = 0; ///< 3 with the wheel on
    bool enabled_ = false;
    bool remote_ = false;
    bool wrap_ = false;
    bool scaling_ = false; ///< 2:1
    std::array<std::uint8_t, 3> last_rates_{};
    unsigned buttons_ = 0;
    unsigned sent_buttons_ = 0;
    int dx_ = 0; ///< not sent yet, clamped to +-4095
    int dy_ = 0;
    int wheel_ = 0;
};

} // namespace ntferry::vmm
