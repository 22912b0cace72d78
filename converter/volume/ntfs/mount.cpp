// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/volume/ntfs/mount.hpp"

#include <fmt/format.h>

#include <mutex>

namespace ntferry::volume::ntfs {
namespace {

/// libntfs-3g keeps its log handler in a global. It is set once for the process, to silence: what matters
/// comes back as errno and becomes an Error. Names are converted by us, so its locale setting is never used.
void silence_library() {
    static std::once_flag once;
    std::call_once(once, [] { ntfs_log_set_handler(ntfs_log_handler_null); });
}

std::string reason(int error, const std::string& device_error) {
    if (!device_error.empty() && error == EIO)
        return device_error;
    switch (error) {
    case EIO:
        return "the volume is damaged";
    case EINVAL:
        return "the volume's structures are not valid";
    case EOPNOTSUPP:
        return "this form of storage is not supported (encrypted or unknown compression)";
    case ENOSPC:
        return "the volume is full";
    case EEXIST:
        return "it exists already";
    case ENOTEMPTY:
        return "the directory is not empty";
    default:
        return std::generic_category().message(error);
    }
}

} // namespace

Mount::Mount(block::SharedBlockDevice device, MountMode mode) : device_(std::move(device)) {
    silence_library();
    state_.device = device_.get();
    state_.read_only = mode == MountMode::read_only;
    begin();
    ntfs_device* dev = make_device(state_);
    if (dev == nullptr)
        throw Error(device_->name(), "cannot open the NTFS volume: memory is short");
    ntfs_mount_flags flags = NTFS_MNT_RDONLY | NTFS_MNT_FORENSIC;
    if (mode != MountMode::read_only)
        flags = mode == MountMode::read_write_reset_log ? NTFS_MNT_RECOVER : NTFS_MNT_NONE;
    volume_ = ntfs_device_mount(dev, flags);
    if (volume_ == nullptr) {
        const int error = errno;
        ntfs_device_free(dev);
        errno = error;
        fail({}, "open the NTFS volume");
    }
    // Attributes and dates of every entry come from its record; hidden and system files are listed as well.
    ntfs_set_shown_files(volume_, TRUE, TRUE, FALSE);
}

Mount::~Mount() {
    if (volume_ != nullptr) {
        begin();
        ntfs_umount(volume_, FALSE);
    }
}

void Mount::unmount() {
    if (volume_ == nullptr)
        return;
    begin();
    ntfs_volume* volume = volume_;
    volume_ = nullptr;
    if (ntfs_umount(volume, FALSE) != 0)
        fail({}, "close the NTFS volume");
}

void Mount::fail(std::string_view path, std::string_view action) const {
    const int error = errno;
    std::string where = device_->name();
    if (!path.empty())
        where += fmt::format(": {}", path);
    throw Error(std::move(where), fmt::format("cannot {}: {}", action, reason(error, state_.error)));
}

bool Mount::log_unclean() {
    const Inode inode(ntfs_inode_open(volume_, FILE_LogFile));
    if (!inode)
        return true;
    const Attribute log(ntfs_attr_open(inode.get(), AT_DATA, AT_UNNAMED, 0));
    if (!log)
        return true;
    RESTART_PAGE_HEADER* restart = nullptr;
    const bool clean = ntfs_check_logfile(log.get(), &restart) && ntfs_is_logfile_clean(log.get(), restart);
    std::free(restart);
    return !clean;
}

} // namespace ntferry::volume::ntfs
