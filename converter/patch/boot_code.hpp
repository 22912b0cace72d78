// Boot code for a disk that has a partition table and no code (a mirror's second disk, KB Q117131).
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/base/bytes.hpp"

namespace ntferry::patch {

/// Fits before the disk signature at byte 440 of the MBR. Source: data/mbr.asm.
ByteView boot_code();

} // namespace ntferry::patch
