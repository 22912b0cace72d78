// Firmware images from files.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/base/bytes.hpp"

#include <string>

namespace ntferry::vmm {

/// A system ROM: 1 KiB to 1 MiB; padded in front to 64 KiB. @throws Error
Bytes load_system_rom(const std::string& path);
/// An option ROM: 55 AA and a length. @throws Error
Bytes load_option_rom(const std::string& path);

/// Where Debian's seabios package puts them.
inline constexpr const char* default_system_rom = "/usr/share/seabios/bios-256k.bin";
inline constexpr const char* default_vga_rom = "/usr/share/seabios/vgabios-stdvga.bin";

} // namespace ntferry::vmm
