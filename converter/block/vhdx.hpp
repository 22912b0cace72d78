// VhdxDevice: VHDX images of Hyper-V and Disk2vhd, read through libvhdi.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/block/file.hpp"

namespace ntferry::block {

bool looks_like_vhdx(const File& file);
/// Read-only; parents of differencing images are looked for beside the child and proved by their identifier.
/// @throws Error
BlockDevicePtr open_vhdx(const std::string& path);

} // namespace ntferry::block
