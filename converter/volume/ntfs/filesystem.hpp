// FileSystem on a mounted NTFS volume.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/volume/bpb.hpp"
#include "converter/volume/filesystem.hpp"
#include "converter/volume/ntfs/mount.hpp"
#include "converter/volume/ntfs/names.hpp"
#include "converter/volume/ntfs/owner_map.hpp"
#include "converter/volume/ntfs/record_at.hpp"

#include <memory>
#include <optional>

namespace ntferry::volume::ntfs {

class NtfsFileSystem final : public FileSystem {
  public:
    NtfsFileSystem(std::unique_ptr<Mount> mount, Bpb bpb, bool dirty, bool log_unclean)
        : mount_(std::move(mount)), bpb_(std::move(bpb)), dirty_(dirty), log_unclean_(log_unclean) {}

    FileSystemInfo info() override;
    bool writable() const override { return mount_->writable(); }
    std::optional<FileInfo> lookup(std::string_view path) override;
    std::vector<FileInfo> list(std::string_view path) override;
    Bytes read_file(std::string_view path, std::uint64_t limit) override;
    std::size_t read_at(std::string_view path, std::uint64_t offset, MutableByteView out) override;
    void write_file(std::string_view path, ByteView content) override;
    void write_at(std::string_view path, std::uint64_t offset, ByteView content) override;
    void rename(std::string_view from, std::string_view to) override;
    void remove(std::string_view path) override;
    void make_directory(std::string_view path) override;
    void set_attributes(std::string_view path, std::uint32_t attributes) override;
    void sync() override;
    std::vector<FileExtent> file_extents(std::string_view path) override;
    void used_ranges(const std::function<void(std::uint64_t, std::uint64_t)>& used) override;
    std::optional<std::string> owner_of(std::uint64_t volume_offset) override;
    /// See record_at.hpp.
    std::optional<RecordAt> record_at(std::uint64_t volume_offset);

  private:
    /// A file that was found: its record and the directory it was found in.
    struct Found {
        std::uint64_t record = 0;
        std::uint64_t parent = 0;
        std::u16string name; ///< as asked for
    };
    /// Path of a record from the root; nothing where its names lead nowhere.
    std::optional<std::string> path_of(std::uint64_t record);
    std::optional<std::uint64_t> lookup_in(ntfs_inode* directory, const std::u16string& name,
                                           std::string_view path);
    std::optional<Found> find(std::string_view path);
    std::optional<Found> find_names(const std::vector<std::string>& names, std::string_view path);
    Found require(std::string_view path);
    Inode open_inode(std::uint64_t record, std::string_view path, std::string_view action);
    Attribute open_data(ntfs_inode* inode, std::string_view path, std::string_view action);
    FileInfo describe(ntfs_inode* inode, std::optional<FileNames> names) const;
    void require_writable(std::string_view path) const;
    std::uint64_t create(std::string_view path, mode_t type);
    /// Takes inode with it when it fails.
    void protect(ntfs_inode* directory, ntfs_inode* inode, bool is_directory, std::string_view path);
    void give_dos_name(std::uint64_t record, std::uint64_t parent, const std::u16string& name,
                       std::string_view path);
    void replace_content(std::uint64_t record, std::string_view path, ByteView content);
    void write_all(ntfs_attr* data, std::string_view path, std::uint64_t offset, ByteView content);
    void close(Inode inode, std::string_view path, std::string_view action);
    std::uint64_t parent_of(const std::vector<std::string>& names, std::string_view path);

    std::unique_ptr<Mount> mount_;
    Bpb bpb_;
    bool dirty_;
    bool log_unclean_;
    std::optional<OwnerMap> owners_; ///< made by the first owner_of(), dropped by every change
};

} // namespace ntferry::volume::ntfs
