// The names of a file: $FILE_NAME attributes of its record.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/volume/ntfs/libntfs.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace ntferry::volume::ntfs {

struct FileNames {
    std::u16string name;       ///< long (or only) name
    std::u16string short_name; ///< 8.3 beside it; empty where there is none
    std::uint64_t parent = 0;  ///< record number of the directory
};

/// Names that an inode has in a directory (any directory when nothing is given). A file with several hard
/// links in one directory answers for wanted, the name by which it was found.
std::optional<FileNames> names_of(ntfs_inode* inode, std::optional<std::uint64_t> parent,
                                  std::u16string_view wanted = {});

/// UTF-16 units as the library takes them (little-endian in memory).
inline const ntfschar* to_ntfs(const std::u16string& text) {
    return reinterpret_cast<const ntfschar*>(text.data());
}

} // namespace ntferry::volume::ntfs
