// The NTFS implementation of FileSystem, on libntfs-3g.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/volume/bpb.hpp"
#include "converter/volume/open_filesystem.hpp"

namespace ntferry::volume::ntfs {

/// Opens an NTFS volume (1.1 to 3.1). Read-only opens never write; a 1.2 volume stays 1.2.
/// @throws Error as open_filesystem says
FileSystemPtr open(block::SharedBlockDevice volume, const Bpb& bpb, const FileSystemOptions& options);

} // namespace ntferry::volume::ntfs
