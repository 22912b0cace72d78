// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/devices/ide/ata_identify.hpp"

namespace ntferry::vmm {

void IdentifyData::text(unsigned word, unsigned words, std::string_view value) {
    for (unsigned i = 0; i < words * 2; ++i) {
        const char c = i < value.size() ? value[i] : ' ';
        const bool printable = c >= 0x20 && c < 0x7F;
        bytes_[(std::size_t{word} * 2 + i) ^ 1U] = static_cast<std::uint8_t>(printable ? c : '?');
    }
}

void IdentifyData::set_transfer_modes(bool dma, std::uint8_t mode) {
    set(64, 0x0003); // PIO 3 and 4
    set(65, 120);    // minimum and recommended multiword cycle, PIO cycle without and with IORDY, ns
    set(66, 120);
    set(67, 120);
    set(68, 120);
    if (!dma)
        return;
    const bool multiword = (mode & 0xF8U) == 0x20;
    const bool ultra = (mode & 0xF8U) == 0x40;
    const unsigned selected = 0x0100U << (mode & 7U);
    set(63, 0x0007U | (multiword ? selected : 0U));
    set(88, 0x0007U | (ultra ? selected : 0U));
}

void IdentifyData::set_reset_result(unsigned unit, bool alone) {
    constexpr unsigned valid_and_80_wires = 0x6000;
    if (unit == 1) // PDIAG- asserted, number from the jumper
        return set(93, valid_and_80_wires | 0x0B00U);
    // Passed, number from the jumper; alone: answers for device 1; otherwise DASP- and PDIAG- were seen.
    set(93, valid_and_80_wires | 0x000BU | (alone ? 0x0040U : 0x0030U));
}

} // namespace ntferry::vmm
