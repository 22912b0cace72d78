// FileSystem on a FAT volume.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/volume/fat/directory.hpp"
#include "converter/volume/filesystem.hpp"

#include <optional>

namespace ntferry::volume::fat {

class FatFileSystem final : public FileSystem {
  public:
    FatFileSystem(block::SharedBlockDevice device, const Bpb& bpb, bool writable);

    FileSystemInfo info() override;
    bool writable() const override { return writable_; }
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

    /// NT's marks: bit 0 of the current-head byte of the boot sector (0x25; 0x41 on FAT32), and the
    /// clean-shutdown bit of FAT[1] that Windows 95 and later clear.
    bool dirty();

  private:
    struct Found {
        Directory directory;
        std::optional<Entry> entry; ///< nothing: the root directory, or no such file
        bool root = false;
    };
    struct Owned {
        std::uint32_t first;
        std::uint32_t count;
        std::uint32_t path;
    };
    [[noreturn]] void fail(std::string_view path, std::string problem) const;
    template <typename Operation>
    auto naming(std::string_view path, Operation&& operation);
    Directory open_directory(std::uint32_t first_cluster);
    std::optional<Directory> walk(const std::vector<std::string>& names);
    Found find(std::string_view path);
    Found require_file(std::string_view path);
    std::vector<std::uint32_t> clusters_of(const Entry& entry);
    std::vector<FileExtent> extents_of(const Entry& entry);
    void require_writable(std::string_view path) const;
    void set_first_cluster(MutableByteView slot, std::uint32_t cluster) const;
    Bytes new_fields(std::uint32_t attributes) const;
    void commit();
    void build_owners();

    block::SharedBlockDevice device_;
    Bpb bpb_;
    Layout layout_;
    Table table_;
    bool writable_;
    std::optional<std::vector<Owned>> owners_; ///< ascending clusters; made by the first owner_of()
    std::vector<std::string> owner_paths_;
};

} // namespace ntferry::volume::fat
