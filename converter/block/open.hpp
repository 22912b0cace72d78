// Opening a disk by what the user wrote: a path, an address, "-".
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/block/device.hpp"

#include <string_view>

namespace ntferry::block {

enum class Access : std::uint8_t { read_only, read_write };

struct OpenOptions {
    Access access = Access::read_only;
    /// A block device or raw image that is mounted or in use, also through loop devices, is refused unless
    /// this is set.
    bool allow_busy = false;
};

/// Opens any disk that NTFerry can read; the kind of image is recognised by its content, not by its name.
///
/// spec: a raw image, block device, VHD (chains are followed), VHDX, a split image ("disk.000", parts
/// follow), nbd://host[:port][/export], nbds://..., nbd+unix:///export?socket=PATH,
/// ssh://[user@]host/dev/sda, "image.img,map=image.map" for a ddrescue pair, "-" for a stream on standard
/// input.
/// @throws Error that names spec, what is wrong and the way out
BlockDevicePtr open_disk(std::string_view spec, const OpenOptions& options = {});

} // namespace ntferry::block
