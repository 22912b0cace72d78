// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/devices/i440fx.hpp"

namespace ntferry::vmm {
namespace {

constexpr std::uint8_t PAM0 = 0x59;
constexpr std::uint8_t PAM6 = 0x5F;
constexpr std::uint8_t SMRAM = 0x72;
constexpr std::uint8_t SMRAM_D_OPEN = 0x40;
constexpr std::uint8_t SMRAM_D_LCK = 0x10;
constexpr std::uint8_t SMRAM_G_SMRAME = 0x08;

/// One register of chapter 3.2: reset value and the bits that keep what is written.
struct Register {
    std::uint8_t offset;
    std::uint8_t reset;
    std::uint8_t writable;
};

constexpr Register REGISTERS[] = {
    {0x50, 0x00, 0xFF}, {0x51, 0x00, 0xFF},                                         // 3.2.13 PMCCFG
    {0x52, 0x00, 0x40},                                                             // 3.2.14 DETURBO
    {0x53, 0x80, 0xE3},                                                             // 3.2.15 DBC
    {0x54, 0x00, 0x82},                                                             // 3.2.16 AXC
    {0x55, 0x00, 0xFF}, {0x56, 0x00, 0xFF},                                         // 3.2.17 DRT
    {0x57, 0x01, 0x77},                                                             // 3.2.18 DRAMC
    {0x58, 0x10, 0x7F},                                                             // 3.2.19 DRAMT
    {0x59, 0x00, 0x30},                                                             // 3.2.20 PAM0: F0000
    {0x5A, 0x00, 0x33}, {0x5B, 0x00, 0x33}, {0x5C, 0x00, 0x33}, {0x5D, 0x00, 0x33}, // C0000-DFFFF
    {0x5E, 0x00, 0x33}, {0x5F, 0x00, 0x33},                                         // E0000-EFFFF
    {0x60, 0x01, 0xFF}, {0x61, 0x01, 0xFF}, {0x62, 0x01, 0xFF}, {0x63, 0x01, 0xFF}, // 3.2.21 DRB
    {0x64, 0x01, 0xFF}, {0x65, 0x01, 0xFF}, {0x66, 0x01, 0xFF}, {0x67, 0x01, 0xFF},
    {0x68, 0x00, 0xC0},                     // 3.2.22 FDHC
    {0x70, 0x00, 0xFF},                     // 3.2.23 MTT
    {0x71, 0x00, 0xFF},                     // 3.2.24 CLT
    {0x72, 0x02, 0x78},                     // 3.2.25 SMRAM
    {0x90, 0x00, 0xFF}, {0x91, 0x00, 0x00}, // 3.2.26 ERRCMD, 3.2.27 ERRSTS
    {0x93, 0x00, 0x0F},                     // 3.2.28 TRC
};

} // namespace

I440fx::I440fx(std::function<void()> layout_changed) : layout_changed_(std::move(layout_changed)) {
    reset();
}

void I440fx::reset() {
    reset_header(0x8086, 0x1237, 0x060000, 0x02);
    store_le<std::uint16_t>(config(), 0x04, 0x0006); // PCICMD: memory and bus master, fixed
    store_le<std::uint16_t>(write_mask(), 0x04, 0x0140);
    store_le<std::uint16_t>(config(), 0x06, 0x0280); // PCISTS: medium DEVSEL#, fast back-to-back
    write_mask()[0x3C] = 0;
    for (const Register& r : REGISTERS) {
        config()[r.offset] = r.reset;
        write_mask()[r.offset] = r.writable;
    }
    w1c_mask()[0x91] = 0x11; // ERRSTS: MBE, SBE
    layout_changed_();
}

PamAttribute I440fx::pam(unsigned piece) const {
    // PAM0 bits 5:4 are F0000; PAM1 bits 1:0 are C0000, bits 5:4 C4000, and so on. Bit 0 read, bit 1 write.
    const std::uint8_t bits =
        piece >= pam_pieces - 1
            ? static_cast<std::uint8_t>(config()[PAM0] >> 4U)
            : static_cast<std::uint8_t>(config()[PAM0 + 1U + piece / 2U] >> (piece % 2U != 0 ? 4U : 0U));
    return {(bits & 1U) != 0, (bits & 2U) != 0};
}

bool I440fx::smram_open() const {
    const std::uint8_t value = config()[SMRAM];
    return (value & SMRAM_D_OPEN) != 0 && (value & SMRAM_G_SMRAME) != 0;
}

void I440fx::config_written(std::uint8_t offset, unsigned width) {
    if ((config()[SMRAM] & SMRAM_D_LCK) != 0) {
        // D_LCK: D_OPEN falls and everything but a reset is refused from now on.
        config()[SMRAM] = static_cast<std::uint8_t>(config()[SMRAM] & ~SMRAM_D_OPEN);
        write_mask()[SMRAM] = 0x20;
    }
    const unsigned end = offset + width;
    if ((offset <= PAM6 && end > PAM0) || (offset <= SMRAM && end > SMRAM))
        layout_changed_();
}

void I440fx::save(StateWriter& writer) const {
    writer.version(1);
    save_config(writer);
}

void I440fx::load(StateReader& reader) {
    reader.version(1, 1);
    write_mask()[SMRAM] = 0x78;
    load_config(reader);
    if ((config()[SMRAM] & SMRAM_D_LCK) != 0)
        write_mask()[SMRAM] = 0x20;
    layout_changed_();
}

} // namespace ntferry::vmm
