// What libntfs-3g takes on trust when it opens a volume, checked first.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/block/device.hpp"
#include "converter/volume/bpb.hpp"

namespace ntferry::volume::ntfs {

/// Checks the size of the volume and the system records whose content libntfs-3g loads whole ($UpCase,
/// $AttrDef).
/// @throws Error that says what is damaged
void check_volume(block::BlockDevice& volume, const Bpb& bpb);

} // namespace ntferry::volume::ntfs
