// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/volume/ntfs/open.hpp"

#include "converter/volume/ntfs/filesystem.hpp"
#include "converter/volume/ntfs/precheck.hpp"

namespace ntferry::volume::ntfs {

FileSystemPtr open(block::SharedBlockDevice volume, const Bpb& bpb, const FileSystemOptions& options) {
    check_volume(*volume, bpb);
    auto mount = std::make_unique<Mount>(volume, MountMode::read_only);
    const bool dirty = (mount->volume()->flags & VOLUME_IS_DIRTY) != 0;
    const bool log_unclean = mount->log_unclean();
    if (options.writable) {
        if (dirty && !options.allow_dirty)
            throw Error(volume->name(), "the NTFS volume is marked dirty: chkdsk is due",
                        "shut the source down cleanly and capture again, or allow writing to a dirty volume "
                        "(nothing was written)",
                        ErrorKind::decision);
        if (log_unclean && !options.reset_log)
            throw Error(
                volume->name(),
                "the NTFS volume was not dismounted: $LogFile holds changes that only NT can replay",
                "shut the source down cleanly and capture again, or allow the log to be emptied, which "
                "loses them (nothing was written)",
                ErrorKind::decision);
        mount.reset();
        mount = std::make_unique<Mount>(std::move(volume), log_unclean ? MountMode::read_write_reset_log
                                                                       : MountMode::read_write);
    }
    return std::make_unique<NtfsFileSystem>(std::move(mount), bpb, dirty, log_unclean && !options.writable);
}

} // namespace ntferry::volume::ntfs
