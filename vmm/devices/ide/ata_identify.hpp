// IdentifyData: the 256 words of IDENTIFY DEVICE and IDENTIFY PACKET DEVICE.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// ANSI NCITS 317-1998 (ATA/ATAPI-4), 8.12 and 8.13; word 93 from ATA/ATAPI-5 (NCITS 340-2000) 8.12.52.
#pragma once

#include "converter/base/bytes.hpp"

#include <cstdint>
#include <string_view>

namespace ntferry::vmm {

class IdentifyData {
  public:
    IdentifyData() : bytes_(512) {}
    void set(unsigned word, unsigned value) {
        store_le<std::uint16_t>(bytes_, std::size_t{word} * 2, static_cast<std::uint16_t>(value));
    }
    void set32(unsigned word, std::uint32_t value) {
        store_le<std::uint32_t>(bytes_, std::size_t{word} * 2, value);
    }
    /// ASCII, padded with blanks, first character in the high byte of a word (8.12.8).
    void text(unsigned word, unsigned words, std::string_view value);
    /// Words 62-68 and 88: PIO 4, multiword DMA 2, Ultra DMA 2; mode is the value of SET FEATURES 03h.
    void set_transfer_modes(bool dma, std::uint8_t mode);
    /// Word 93: what a device found at hardware reset. SeaBIOS skips the slave when (word & DF61h) is 4041h.
    void set_reset_result(unsigned unit, bool alone);
    Bytes take() { return std::move(bytes_); }

  private:
    Bytes bytes_;
};

} // namespace ntferry::vmm
