// 93C46: 64 words of 16 bits behind a three-wire interface, read only.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// National Semiconductor NM93C46 data sheet, "READ" timing.
#pragma once

#include "vmm/bus/state.hpp"

#include <array>
#include <cstdint>

namespace ntferry::vmm::net {

class SerialRom {
  public:
    static constexpr std::size_t bytes = 128;
    explicit SerialRom(const std::array<std::uint8_t, bytes>& content) : content_(content) {}

    /// Drives the pins; data is looked at on a rising clock.
    void set_pins(bool select, bool clock, bool data_in);
    /// DO: pulled up while the chip does not drive it.
    bool data_out() const { return data_out_; }
    void save(StateWriter& writer) const;
    void load(StateReader& reader);

  private:
    void clock_in(bool bit);
    std::array<std::uint8_t, bytes> content_;
    bool clock_ = false;
    bool data_out_ = true;
    bool started_ = false; ///< the start bit was seen
    bool reading_ = false;
    std::uint8_t bits_ = 0;    ///< of opcode and address so far, or of the word put out
    std::uint8_t command_ = 0; ///< opcode and address, later the address
};

} // namespace ntferry::vmm::net
