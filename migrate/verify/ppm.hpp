// Reading what QEMU's screendump writes, writing PNG.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/base/bytes.hpp"
#include "migrate/verify/watcher.hpp"

#include <string>

namespace ntferry::verify {

/// Up to limit bytes. @throws SystemError
Bytes read_file(const std::string& path, std::size_t limit);
/// Binary PPM (P6) of up to 4096 x 4096. @throws Error
Picture parse_ppm(ByteView file, const std::string& name);
/// @throws SystemError
void write_file(const std::string& path, ByteView content);
/// @throws Error
void write_png(const std::string& path, const Picture& picture);

} // namespace ntferry::verify
