// A picture of the screen as a file: PNG or PPM.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "vmm/bus/backends.hpp"

namespace ntferry::vmm {

/// Loads what reads and writes PNG, for those who will not reach it later on. @throws Error
void load_image_library();

/// PNG, 8 bits per colour, no alpha. @throws Error for a picture without pixels
Bytes png_of(const Frame& frame);
/// Binary PPM (P6). @throws Error for a picture without pixels
Bytes ppm_of(const Frame& frame);

/// The picture in a PNG of at most 4096 x 4096 pixels. @throws Error for anything else
Frame frame_of_png(ByteView file);

} // namespace ntferry::vmm
