// Whether a block device is mounted or otherwise in use.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>

namespace ntferry::block {

/// Says in a few words why this block device, or an image file behind a loop device, is in use: "is mounted
/// on /mnt", "its partition sda1 is mounted on /", "is held by dm-0". Nothing when it is free or not known to
/// be used.
std::optional<std::string> why_busy(const std::string& path);

} // namespace ntferry::block
