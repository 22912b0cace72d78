// The FAT12, FAT16 and FAT32 implementation of FileSystem.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/volume/bpb.hpp"
#include "converter/volume/open_filesystem.hpp"

namespace ntferry::volume::fat {

/// Opens a FAT volume; up to 64 KiB clusters, as only NT makes them. Read-only opens never write.
/// @throws Error as open_filesystem says
FileSystemPtr open(block::SharedBlockDevice volume, const Bpb& bpb, const FileSystemOptions& options);

} // namespace ntferry::volume::fat
