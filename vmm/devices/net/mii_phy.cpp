// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/devices/net/mii_phy.hpp"

namespace ntferry::vmm::net {
namespace {

constexpr std::uint16_t control_reset = 0x8000;
constexpr std::uint16_t control_autonegotiate = 0x1000;
constexpr std::uint16_t control_default = 0x3100; // 100 Mb/s, auto-negotiation, full duplex
constexpr std::uint16_t advertise_default = 0x01E1;
constexpr std::uint16_t partner_ability = 0x41E1; // acknowledges 10 and 100 Mb/s, both duplexes

constexpr std::uint8_t frame_bits = 32;
constexpr std::uint8_t command_bits = 14; // start, opcode, PHY and register address

} // namespace

void MiiPhy::reset() {
    control_ = control_default;
    advertisement_ = advertise_default;
    mdc_ = false;
    mdi_ = true;
    position_ = 0;
    frame_ = 0;
}

std::uint16_t MiiPhy::read(std::uint8_t reg) const {
    switch (reg) {
    case 0:
        return control_;
    case 1: // 100BASE-TX and 10BASE-T in both duplexes, auto-negotiation able and complete, link, extended
            // registers
        return static_cast<std::uint16_t>(0x7809 | (link_ ? 0x0024 : 0));
    case 2: // National Semiconductor DP83840
        return 0x2000;
    case 3:
        return 0x5C01;
    case 4:
        return advertisement_;
    case 5:
        return link_ && (control_ & control_autonegotiate) != 0 ? partner_ability : std::uint16_t{0};
    case 6: // the partner can negotiate
        return link_ ? 0x0001 : 0x0000;
    default:
        return 0;
    }
}

void MiiPhy::write(std::uint8_t reg, std::uint16_t value) {
    if (reg == 0) {
        if ((value & control_reset) != 0) {
            control_ = control_default;
            advertisement_ = advertise_default;
        } else {
            control_ = static_cast<std::uint16_t>(value & 0x7D80); // reset and restart clear themselves
        }
    } else if (reg == 4) {
        advertisement_ = static_cast<std::uint16_t>((value & 0x2FE0) | 0x0001);
    }
}

void MiiPhy::set_pins(bool mdc, bool mdo, bool station_reads) {
    if (mdc && !mdc_)
        clock(station_reads || mdo);
    mdc_ = mdc;
}

void MiiPhy::clock(bool bit) {
    if (position_ == 0) {
        if (bit)
            return; // preamble or idle
        frame_ = 0;
        position_ = 1;
        return;
    }
    ++position_;
    frame_ = frame_ << 1U | (bit ? 1U : 0U);
    if (position_ < command_bits)
        return;
    const std::uint32_t command = position_ == command_bits ? frame_ : frame_ >> (position_ - command_bits);
    const bool start = (command >> 12U & 1U) != 0; // 01, of which the zero began the frame
    const bool is_read = (command >> 10U & 3U) == 2;
    const bool is_write = (command >> 10U & 3U) == 1;
    const bool for_us = (command >> 5U & 31U) == address_;
    const auto reg = static_cast<std::uint8_t>(command & 31U);
    if (!start || (!is_read && !is_write)) {
        position_ = 0;
        mdi_ = true;
        return;
    }
    if (is_read && for_us && position_ > command_bits) {
        // One bit of turn-around is undriven, the second is zero; then bit 15 comes first.
        const auto driven =
            static_cast<std::uint8_t>(position_ - command_bits); // 1: turn-around zero, 2: bit 15
        mdi_ = driven >= 2 && driven <= 17 && (read(reg) >> (17U - driven) & 1U) != 0;
    }
    if (position_ == frame_bits) {
        if (is_write && for_us)
            write(reg, static_cast<std::uint16_t>(frame_));
        position_ = 0;
        mdi_ = true;
    }
}

void MiiPhy::save(StateWriter& writer) const {
    writer.put(link_);
    writer.put(control_);
    writer.put(advertisement_);
    writer.put(mdc_);
    writer.put(mdi_);
    writer.put(position_);
    writer.put(frame_);
}

void MiiPhy::load(StateReader& reader) {
    link_ = reader.get_bool();
    control_ = reader.get<std::uint16_t>();
    advertisement_ = reader.get<std::uint16_t>();
    mdc_ = reader.get_bool();
    mdi_ = reader.get_bool();
    position_ = reader.get<std::uint8_t>();
    frame_ = reader.get<std::uint32_t>();
    if (position_ >= frame_bits)
        position_ = 0;
}

} // namespace ntferry::vmm::net
