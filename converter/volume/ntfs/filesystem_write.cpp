// Everything that changes an NTFS volume.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/volume/ntfs/filesystem.hpp"

#include "converter/base/utf.hpp"
#include "converter/volume/ntfs/security.hpp"
#include "converter/volume/path.hpp"
#include "converter/volume/short_name.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ntferry::volume::ntfs {
namespace {

constexpr std::uint32_t settable =
    attribute_read_only | attribute_hidden | attribute_system | attribute_archive;

/// Two access lists and two SIDs.
constexpr std::size_t largest_descriptor = std::size_t{160} << 10U;

} // namespace

void NtfsFileSystem::require_writable(std::string_view path) const {
    if (!writable())
        throw Error(mount_->device().name() + ": " + std::string(path), "the volume is open read-only");
}

/// Closes an inode that was changed: that is when its record is written.
void NtfsFileSystem::close(Inode inode, std::string_view path, std::string_view action) {
    if (ntfs_inode_close(inode.release()) != 0)
        mount_->fail(path, action);
}

std::uint64_t NtfsFileSystem::parent_of(const std::vector<std::string>& names, std::string_view path) {
    const std::optional<Found> parent = find_names(names, path);
    if (!parent)
        throw Error(mount_->device().name() + ": " + std::string(path), "its directory does not exist");
    return parent->record;
}

/// Makes an empty file or directory with the names that NT would give it.
std::uint64_t NtfsFileSystem::create(std::string_view path, mode_t type) {
    const auto [names, last] = split_parent(path);
    check_new_name(last);
    const std::u16string name = utf::name_to_utf16(last);
    const std::uint64_t parent = parent_of(names, path);
    std::uint64_t record = 0;
    {
        Inode directory = open_inode(parent, path, "make it");
        if ((directory->mrec->flags & MFT_RECORD_IS_DIRECTORY) == 0)
            throw Error(mount_->device().name() + ": " + std::string(path), "its directory is a file");
        ntfs_inode* inode = ntfs_create(directory.get(), const_cpu_to_le32(0), to_ntfs(name),
                                        static_cast<u8>(name.size()), type);
        if (inode == nullptr)
            mount_->fail(path, "make it");
        record = inode->mft_no;
        protect(directory.get(), inode, type == S_IFDIR, path);
        if (ntfs_inode_close_in_dir(inode, directory.get()) != 0)
            mount_->fail(path, "make it");
        close(std::move(directory), path, "make it");
    }
    give_dos_name(record, parent, name, path);
    return record;
}

/// The library lets Everyone do everything with a new file. On NT it has what its folder hands down.
void NtfsFileSystem::protect(ntfs_inode* directory, ntfs_inode* inode, bool is_directory,
                             std::string_view path) {
    mount_->refill();
    SECURITY_CONTEXT context{};
    context.vol = mount_->volume();
    Bytes folder(largest_descriptor);
    const int length =
        ntfs_get_ntfs_acl(&context, directory, reinterpret_cast<char*>(folder.data()), folder.size());
    folder.resize(length > 0 && static_cast<std::size_t>(length) <= folder.size()
                      ? static_cast<std::size_t>(length)
                      : 0);
    const Bytes descriptor = inherited_descriptor(folder, is_directory);
    // In a $SECURITY_DESCRIPTOR attribute on NTFS 1.2, by way of $Secure on 3.x.
    if (ntfs_set_ntfs_acl(&context, inode, reinterpret_cast<const char*>(descriptor.data()),
                          descriptor.size(), 0) != 0) {
        const int error = errno;
        ntfs_inode_close(inode);
        errno = error;
        mount_->fail(path, "protect it");
    }
}

/// The library makes names in the POSIX name space. NT's own are Win32 with an 8.3 name beside them, or both
/// in one where the name is 8.3 already: NTLDR and 16-bit programs need those.
void NtfsFileSystem::give_dos_name(std::uint64_t record, std::uint64_t parent, const std::u16string& name,
                                   std::string_view path) {
    std::string dos;
    if (fits_short_name(name)) {
        dos = utf::name_to_utf8(name);
        std::transform(dos.begin(), dos.end(), dos.begin(),
                       [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 0x20) : c; });
    } else {
        const Inode directory = open_inode(parent, path, "name it");
        dos = make_short_name(name, [&](const std::string& candidate) {
            mount_->refill();
            return lookup_in(directory.get(), utf::name_to_utf16(candidate), path).has_value();
        });
    }
    Inode directory = open_inode(parent, path, "name it");
    Inode inode = open_inode(record, path, "name it");
    // Closes both, also when it fails.
    if (ntfs_set_ntfs_dos_name(inode.release(), directory.release(), dos.data(), dos.size(), 0) != 0)
        mount_->fail(path, "give it its 8.3 name");
}

void NtfsFileSystem::write_all(ntfs_attr* data, std::string_view path, std::uint64_t offset,
                               ByteView content) {
    for (std::size_t done = 0; done < content.size();) {
        mount_->refill();
        const std::size_t part = std::min<std::size_t>(content.size() - done, std::size_t{1} << 20U);
        const s64 wrote = ntfs_attr_pwrite(data, static_cast<s64>(offset + done), static_cast<s64>(part),
                                           content.data() + done);
        if (wrote <= 0)
            mount_->fail(path, "write it");
        done += static_cast<std::size_t>(wrote);
    }
}

void NtfsFileSystem::replace_content(std::uint64_t record, std::string_view path, ByteView content) {
    Inode inode = open_inode(record, path, "write it");
    Attribute data = open_data(inode.get(), path, "write it");
    if (NAttrEncrypted(data.get()))
        throw Error(mount_->device().name() + ": " + std::string(path), "is encrypted");
    // Emptied first: compressed data is written anew, and a smaller file gives its clusters back.
    if (ntfs_attr_truncate(data.get(), 0) != 0)
        mount_->fail(path, "write it");
    write_all(data.get(), path, 0, content);
    if (NAttrCompressed(data.get()) && ntfs_attr_pclose(data.get()) != 0)
        mount_->fail(path, "write it");
    data.reset();
    ntfs_inode_update_times(inode.get(), static_cast<ntfs_time_update_flags>(NTFS_UPDATE_MCTIME));
    close(std::move(inode), path, "write it");
}

void NtfsFileSystem::write_file(std::string_view path, ByteView content) {
    mount_->begin();
    require_writable(path);
    owners_.reset();
    const std::optional<Found> found = find(path);
    replace_content(found ? found->record : create(path, S_IFREG), path, content);
}

void NtfsFileSystem::write_at(std::string_view path, std::uint64_t offset, ByteView content) {
    mount_->begin();
    require_writable(path);
    Inode inode = open_inode(require(path).record, path, "write it");
    Attribute data = open_data(inode.get(), path, "write it");
    const auto size = static_cast<std::uint64_t>(std::max<s64>(data->data_size, 0));
    if (offset > size || content.size() > size - offset)
        throw Error(
            mount_->device().name() + ": " + std::string(path),
            fmt::format("{} bytes at {} lie outside the file of {} bytes", content.size(), offset, size));
    if (NAttrEncrypted(data.get()) || NAttrCompressed(data.get()))
        throw Error(mount_->device().name() + ": " + std::string(path),
                    "is compressed or encrypted and cannot be changed in place", "write the whole file");
    write_all(data.get(), path, offset, content);
    data.reset();
    ntfs_inode_update_times(inode.get(), static_cast<ntfs_time_update_flags>(NTFS_UPDATE_MCTIME));
    close(std::move(inode), path, "write it");
}

void NtfsFileSystem::rename(std::string_view from, std::string_view to) {
    mount_->begin();
    require_writable(from);
    const Found source = require(from);
    if (source.record < FILE_first_user)
        throw Error(mount_->device().name() + ": " + std::string(from), "is part of the file system");
    const auto [names, last] = split_parent(to);
    check_new_name(last);
    const std::u16string name = utf::name_to_utf16(last);
    const std::uint64_t parent = parent_of(names, to);
    // A directory must not move into itself.
    std::vector<std::string> above = names;
    for (; !above.empty(); above.pop_back())
        if (parent_of(above, to) == source.record)
            throw Error(mount_->device().name() + ": " + std::string(to),
                        "lies inside what is to be renamed");
    std::u16string stored;
    {
        const Inode inode = open_inode(source.record, from, "rename it");
        const std::optional<FileNames> file = names_of(inode.get(), source.parent, source.name);
        if (!file)
            throw Error(mount_->device().name() + ": " + std::string(from), "has no name in its record");
        stored = file->name;
    }
    std::optional<std::uint64_t> existing;
    {
        const Inode directory = open_inode(parent, to, "rename it");
        existing = lookup_in(directory.get(), name, to);
    }
    if (existing && *existing != source.record)
        throw Error(mount_->device().name() + ": " + std::string(to), "exists already");
    if (stored == name && parent == source.parent)
        return;
    owners_.reset();
    // NTFS directories ignore case: a name that differs only in case goes by way of another one.
    const bool case_only = existing && parent == source.parent;
    const std::u16string target = case_only ? u"~ntferry.tmp" : name;
    const auto move = [&](std::uint64_t old_parent, const std::u16string& old_name, std::uint64_t new_parent,
                          const std::u16string& new_name) {
        {
            Inode directory = open_inode(new_parent, to, "rename it");
            Inode inode = open_inode(source.record, from, "rename it");
            if (ntfs_link(inode.get(), directory.get(), to_ntfs(new_name),
                          static_cast<u8>(new_name.size())) != 0)
                mount_->fail(from, "rename it");
            if (ntfs_inode_close_in_dir(inode.release(), directory.get()) != 0)
                mount_->fail(from, "rename it");
            close(std::move(directory), from, "rename it");
        }
        Inode directory = open_inode(old_parent, from, "rename it");
        Inode inode = open_inode(source.record, from, "rename it");
        // Closes both; takes the 8.3 name away with the Win32 name.
        if (ntfs_delete(mount_->volume(), nullptr, inode.release(), directory.release(), to_ntfs(old_name),
                        static_cast<u8>(old_name.size())) != 0)
            mount_->fail(from, "rename it");
    };
    move(source.parent, stored, parent, target);
    if (case_only)
        move(parent, target, parent, name);
    give_dos_name(source.record, parent, name, to);
}

void NtfsFileSystem::remove(std::string_view path) {
    mount_->begin();
    require_writable(path);
    const Found found = require(path);
    if (found.record < FILE_first_user)
        throw Error(mount_->device().name() + ": " + std::string(path), "is part of the file system");
    owners_.reset();
    Inode inode = open_inode(found.record, path, "remove it");
    const std::optional<FileNames> names = names_of(inode.get(), found.parent, found.name);
    if (!names)
        throw Error(mount_->device().name() + ": " + std::string(path), "has no name in its record");
    Inode directory = open_inode(found.parent, path, "remove it");
    if (ntfs_delete(mount_->volume(), nullptr, inode.release(), directory.release(), to_ntfs(names->name),
                    static_cast<u8>(names->name.size())) != 0)
        mount_->fail(path, "remove it");
}

void NtfsFileSystem::make_directory(std::string_view path) {
    mount_->begin();
    require_writable(path);
    if (find(path))
        throw Error(mount_->device().name() + ": " + std::string(path), "exists already");
    owners_.reset();
    create(path, S_IFDIR);
}

void NtfsFileSystem::set_attributes(std::string_view path, std::uint32_t attributes) {
    mount_->begin();
    require_writable(path);
    Inode inode = open_inode(require(path).record, path, "set its attributes");
    const std::uint32_t flags = (le32_to_cpu(inode->flags) & ~settable) | (attributes & settable);
    inode->flags = static_cast<FILE_ATTR_FLAGS>(cpu_to_le32(flags));
    NInoFileNameSetDirty(inode.get());
    ntfs_inode_mark_dirty(inode.get());
    close(std::move(inode), path, "set its attributes");
}

void NtfsFileSystem::sync() {
    mount_->begin();
    if (!writable())
        return;
    ntfs_volume* volume = mount_->volume();
    for (ntfs_inode* inode : {volume->mft_ni, volume->mftmirr_ni, volume->lcnbmp_ni, volume->vol_ni})
        if (inode != nullptr && ntfs_inode_sync(inode) != 0)
            mount_->fail({}, "write the changes");
}

} // namespace ntferry::volume::ntfs
