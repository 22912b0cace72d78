// BlockDevice: a disk, whatever it is stored in.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/base/bytes.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace ntferry::block {

/// What lies in a range of a disk.
enum class ExtentKind : std::uint8_t {
    data, ///< stored bytes; may still all be zero
    zero, ///< known to read as zeros
    hole, ///< nothing stored here, nor in a parent: reads as zeros
};

struct Extent {
    std::uint64_t offset = 0; ///< bytes from the start of the disk
    std::uint64_t length = 0; ///< bytes, never 0
    ExtentKind kind = ExtentKind::data;
    bool operator==(const Extent&) const = default;
};

/// A read that the medium refused. offset and length say which part, as narrowly as the device knows.
class ReadError : public Error {
  public:
    ReadError(std::string where, std::uint64_t offset, std::uint64_t length, int error_number);
    std::uint64_t offset() const noexcept { return offset_; }
    std::uint64_t length() const noexcept { return length_; }
    int error_number() const noexcept { return error_number_; }

  private:
    std::uint64_t offset_;
    std::uint64_t length_;
    int error_number_;
};

/// A disk: bytes 0 to size() - 1. Any offset and length inside is accepted, whatever the block size.
///
/// read() and extents() may be called from several threads at once, also beside one writer; write(),
/// discard() and flush() from one thread at a time. Everything throws Error; a range outside the disk is an
/// Error, never a short read.
class BlockDevice {
  public:
    BlockDevice() = default;
    BlockDevice(const BlockDevice&) = delete;
    BlockDevice& operator=(const BlockDevice&) = delete;
    virtual ~BlockDevice() = default;

    /// How messages call it: a path or an address, never with a password.
    virtual std::string name() const = 0;
    /// Bytes.
    virtual std::uint64_t size() const = 0;
    virtual std::uint32_t logical_block_size() const { return 512; }
    virtual std::uint32_t physical_block_size() const { return logical_block_size(); }
    virtual bool writable() const { return false; }

    /// @throws ReadError for a bad medium, Error otherwise
    virtual void read(std::uint64_t offset, MutableByteView out) = 0;
    /// @throws Error; the default refuses: a device is read-only unless it says otherwise
    virtual void write(std::uint64_t offset, ByteView data);
    /// Everything written so far survives a power cut once this returns.
    virtual void flush() {}
    /// The range reads as zeros (or whatever was there) afterwards; space may be given back. A hint.
    virtual void discard(std::uint64_t offset, std::uint64_t length);
    /// Covers [offset, offset + length) exactly, in order, neighbours of one kind merged. Default: all data.
    virtual std::vector<Extent> extents(std::uint64_t offset, std::uint64_t length);

  protected:
    /// @throws Error unless [offset, offset + length) lies inside the disk
    void check_range(std::uint64_t offset, std::uint64_t length) const;
};

using BlockDevicePtr = std::unique_ptr<BlockDevice>;
using SharedBlockDevice = std::shared_ptr<BlockDevice>;

} // namespace ntferry::block
