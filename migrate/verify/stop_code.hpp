// StopCode: what a blue screen of NT says.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "migrate/verify/screen_text.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ntferry::verify {

struct StopCode {
    std::uint32_t code = 0;                ///< 0x7B, 0xC000021A
    std::vector<std::uint32_t> parameters; ///< up to four
    std::string name;   ///< "INACCESSIBLE_BOOT_DEVICE" or the sentence behind the code; may be empty
    std::string driver; ///< file that the address lies in: "ntoskrnl.exe"; may be empty

    /// "STOP 0x0000007B (0xFCC62708, 0xC0000034, 0x00000000, 0x00000000) INACCESSIBLE_BOOT_DEVICE".
    std::string text() const;
};

/// Understands "*** STOP: 0x0000007B (0x...,0x...,0x...,0x...)" of the kernel with the line "*** Address ...
/// has base at ... - FILE", and "STOP: c0000218 {Registry File Failure}" of user-mode start.
std::optional<StopCode> find_stop(const ScreenText& screen);

} // namespace ntferry::verify
