// File: the few calls that image formats make on the file below them; tests put a recording one in its place.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/block/device.hpp"
#include "converter/block/open.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ntferry::block {

/// A file or block device opened for positioned I/O. read() and the finders are thread-safe, also beside one
/// writer. Everything throws Error naming the file.
class File {
  public:
    File() = default;
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    virtual ~File() = default;

    virtual const std::string& name() const = 0;
    /// Bytes now; grows with writes.
    virtual std::uint64_t size() const = 0;
    /// Fills out. @throws ReadError for a bad medium, Error at the end of the file
    virtual void read(std::uint64_t offset, MutableByteView out) const = 0;
    virtual void write(std::uint64_t offset, ByteView data) = 0;
    virtual void resize(std::uint64_t size) = 0;
    /// fdatasync: what was written before survives a power cut.
    virtual void sync() = 0;
    /// Asks the system to begin writing this range to the disk, so that a later sync() has less to wait for.
    virtual void start_writeback(std::uint64_t /*offset*/, std::uint64_t /*length*/) {}
    /// Makes a range inside the file read as zeros and gives its space back; false when that is not possible
    /// here.
    virtual bool punch(std::uint64_t offset, std::uint64_t length) = 0;
    /// What the file system knows about [offset, offset + length): data and holes.
    virtual std::vector<Extent> extents(std::uint64_t offset, std::uint64_t length) const;
};

using FilePtr = std::unique_ptr<File>;

enum class CreateMode : std::uint8_t {
    open_existing,
    create_new, ///< refuses a file that is there
    replace,    ///< empties a file that is there
};

/// A file or block device on this machine, behind pread and pwrite.
class PosixFile final : public File {
  public:
    /// Writers lock the file against other writers (flock), so two of them never share an image.
    /// @throws Error when it is missing, refused, not a file or block device, or locked
    PosixFile(std::string path, Access access, CreateMode mode = CreateMode::open_existing);
    /// Takes over an open descriptor.
    PosixFile(std::string name, int descriptor);
    ~PosixFile() override;

    const std::string& name() const override { return path_; }
    std::uint64_t size() const override;
    void read(std::uint64_t offset, MutableByteView out) const override;
    void write(std::uint64_t offset, ByteView data) override;
    void resize(std::uint64_t size) override;
    void sync() override;
    void start_writeback(std::uint64_t offset, std::uint64_t length) override;
    bool punch(std::uint64_t offset, std::uint64_t length) override;
    std::vector<Extent> extents(std::uint64_t offset, std::uint64_t length) const override;

    int descriptor() const { return fd_; }
    bool is_block_device() const { return block_device_; }

  private:
    void look_at_it();
    std::string path_;
    int fd_ = -1;
    bool block_device_ = false;
    std::uint64_t device_size_ = 0;
};

/// Makes the directory entry of a new or renamed file durable.
void sync_directory_of(const std::string& path);

} // namespace ntferry::block
