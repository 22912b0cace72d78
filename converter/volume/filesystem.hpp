// FileSystem: files on a volume, NTFS or FAT, offline.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/base/bytes.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ntferry::volume {

enum class FileSystemKind : std::uint8_t { fat12, fat16, fat32, ntfs };

/// FAT and NTFS attribute bits (the same values in both).
enum FileAttributes : std::uint32_t {
    attribute_read_only = 0x01,
    attribute_hidden = 0x02,
    attribute_system = 0x04,
    attribute_directory = 0x10,
    attribute_archive = 0x20,
    attribute_compressed = 0x800,
};

struct FileInfo {
    std::string name;       ///< UTF-8, as stored
    std::string short_name; ///< 8.3, empty where there is none beside name
    std::uint64_t size = 0; ///< bytes; 0 for directories
    std::uint32_t attributes = 0;
    std::int64_t modified = 0; ///< seconds since 1970; FAT stores local time, taken as UTC here
    bool is_directory() const { return (attributes & attribute_directory) != 0; }
};

/// A run of bytes of a file on the volume. Resident NTFS data has none.
struct FileExtent {
    std::uint64_t file_offset = 0;   ///< bytes from the start of the file
    std::uint64_t volume_offset = 0; ///< bytes from the start of the volume
    std::uint64_t length = 0;        ///< bytes
};

struct FileSystemInfo {
    FileSystemKind kind = FileSystemKind::ntfs;
    std::string label;        ///< UTF-8
    std::uint64_t serial = 0; ///< 32 bits on FAT, 64 on NTFS
    std::uint64_t total_bytes = 0;
    std::uint64_t free_bytes = 0;
    std::uint32_t cluster_size = 0; ///< bytes
    std::uint8_t version_major = 0; ///< NTFS: 1.2 for NT 4.0, 3.0 for Windows 2000, 3.1 later
    std::uint8_t version_minor = 0;
    bool dirty = false;       ///< not cleanly dismounted, or chkdsk is due
    bool log_unclean = false; ///< NTFS: $LogFile holds records that were not replayed
};

/// Files of one volume. Paths are UTF-8 with '\\' or '/' between names, from the root; lookup ignores case as
/// NT does.
///
/// Everything throws Error naming the volume and the path. Reads are safe on hostile volumes: bounded time
/// and memory. Not thread-safe.
class FileSystem {
  public:
    FileSystem() = default;
    FileSystem(const FileSystem&) = delete;
    FileSystem& operator=(const FileSystem&) = delete;
    virtual ~FileSystem() = default;

    virtual FileSystemInfo info() = 0;
    virtual bool writable() const = 0;

    /// Nothing where there is no such file; Error when the directory is damaged.
    virtual std::optional<FileInfo> lookup(std::string_view path) = 0;
    /// Entries of a directory, without "." and "..", in directory order.
    virtual std::vector<FileInfo> list(std::string_view path) = 0;
    /// @throws Error when the file is larger than limit
    virtual Bytes read_file(std::string_view path, std::uint64_t limit = std::uint64_t{256} << 20U) = 0;
    /// Reads out.size() bytes from offset, less at the end of the file; returns how many.
    virtual std::size_t read_at(std::string_view path, std::uint64_t offset, MutableByteView out) = 0;

    /// Replaces the content or makes the file; attributes of an existing file are kept. Directories must
    /// exist.
    virtual void write_file(std::string_view path, ByteView content) = 0;
    /// Overwrites bytes inside an existing file; never grows it.
    virtual void write_at(std::string_view path, std::uint64_t offset, ByteView content) = 0;
    virtual void rename(std::string_view from, std::string_view to) = 0;
    virtual void remove(std::string_view path) = 0;
    virtual void make_directory(std::string_view path) = 0;
    virtual void set_attributes(std::string_view path, std::uint32_t attributes) = 0;
    /// All changes reach the block device; it is still to be flushed.
    virtual void sync() = 0;

    /// Where the content lies on the volume.
    virtual std::vector<FileExtent> file_extents(std::string_view path) = 0;
    /// Calls used(offset, length) for each run of clusters in use, in order; bytes from the start of the
    /// volume.
    virtual void used_ranges(const std::function<void(std::uint64_t, std::uint64_t)>& used) = 0;
    /// The file that owns the byte at this volume offset, or nothing (free space, metadata without a name).
    virtual std::optional<std::string> owner_of(std::uint64_t volume_offset) = 0;
};

using FileSystemPtr = std::unique_ptr<FileSystem>;

} // namespace ntferry::volume
