// A 10/100 PHY behind bit-banged MII management: enough for drivers to see the link and its speed.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// IEEE 802.3 clause 22.2.4 (registers 0-5) and 22.2.4.5 (management frames).
#pragma once

#include "vmm/bus/state.hpp"

#include <cstdint>

namespace ntferry::vmm::net {

class MiiPhy {
  public:
    /// @param address 0-31 on the management bus
    explicit MiiPhy(std::uint8_t address) : address_(address) { reset(); }
    void reset();
    void set_link(bool up) { link_ = up; }
    /// One state of the management pins. mdo counts while the station drives the line.
    void set_pins(bool mdc, bool mdo, bool station_reads);
    /// What the station reads: pulled up while the PHY does not drive it.
    bool mdi() const { return mdi_; }
    std::uint16_t read(std::uint8_t reg) const;
    void write(std::uint8_t reg, std::uint16_t value);
    void save(StateWriter& writer) const;
    void load(StateReader& reader);

  private:
    void clock(bool bit);
    std::uint8_t address_;
    bool link_ = true;
    std::uint16_t control_ = 0;
    std::uint16_t advertisement_ = 0;
    bool mdc_ = false;
    bool mdi_ = true;
    std::uint8_t position_ = 0; ///< bits of the frame so far, 0 while the preamble runs
    std::uint32_t frame_ = 0;   ///< start, opcode, addresses, turn-around, data
};

} // namespace ntferry::vmm::net
