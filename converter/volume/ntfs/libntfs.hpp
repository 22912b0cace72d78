// libntfs-3g for C++: its headers, and owners for what it hands out.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The library headers leave these to a config.h of their own; <sys/stat.h> keeps them from defining timespec.
#include <sys/stat.h>
#include <sys/types.h>

#include <cerrno>
#include <cstdarg>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

extern "C" {
#include <ntfs-3g/types.h>

#include <ntfs-3g/attrib.h>
#include <ntfs-3g/device.h>
#include <ntfs-3g/dir.h>
#include <ntfs-3g/inode.h>
#include <ntfs-3g/logfile.h>
#include <ntfs-3g/logging.h>
#include <ntfs-3g/runlist.h>
#include <ntfs-3g/security.h>
#include <ntfs-3g/volume.h>
}
// support.h makes macros of these.
#undef min
#undef max

#include <memory>

namespace ntferry::volume::ntfs {

struct InodeCloser {
    void operator()(ntfs_inode* inode) const { ntfs_inode_close(inode); }
};
struct AttributeCloser {
    void operator()(ntfs_attr* attribute) const { ntfs_attr_close(attribute); }
};
struct SearchCloser {
    void operator()(ntfs_attr_search_ctx* search) const { ntfs_attr_put_search_ctx(search); }
};

/// Closing by the owner ignores errors: code that has written closes by hand and looks at the result.
using Inode = std::unique_ptr<ntfs_inode, InodeCloser>;
using Attribute = std::unique_ptr<ntfs_attr, AttributeCloser>;
using Search = std::unique_ptr<ntfs_attr_search_ctx, SearchCloser>;

} // namespace ntferry::volume::ntfs
