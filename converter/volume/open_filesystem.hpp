// Opening the file system of a volume, whichever it is.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/block/device.hpp"
#include "converter/volume/filesystem.hpp"

#include <optional>

namespace ntferry::volume {

struct FileSystemOptions {
    bool writable = false;
    /// Writing to a volume that is marked dirty is refused unless this is set. NT's autochk still runs at the
    /// next boot: the mark stays.
    bool allow_dirty = false;
    /// NTFS: empty a $LogFile that holds unreplayed records before anything is written. Without it such a
    /// volume is not written to: NT would replay the old log over the changes.
    bool reset_log = false;
};

/// What is on a volume, by its boot sector; nothing when it is neither FAT nor NTFS.
std::optional<FileSystemKind> recognise_filesystem(block::BlockDevice& volume);

/// @param volume a partition (open_partition) or an assembled set; kept alive by the file system
/// @throws Error; kind decision for writing to a dirty volume (see FileSystemOptions), unsupported for an
/// unknown file system
FileSystemPtr open_filesystem(block::SharedBlockDevice volume, const FileSystemOptions& options = {});

} // namespace ntferry::volume
