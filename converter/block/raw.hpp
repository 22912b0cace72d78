// RawDevice: a raw image file or a block device of this machine.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/block/cached_reads.hpp"

namespace ntferry::block {

/// Byte n of the file is byte n of the disk.
class RawDevice final : public BlockDevice, public CachedReads {
  public:
    /// @throws Error as PosixFile does
    RawDevice(const std::string& path, Access access);
    /// Takes over an open file.
    RawDevice(std::unique_ptr<PosixFile> file, Access access);

    std::string name() const override { return file_->name(); }
    std::uint64_t size() const override { return size_; }
    std::uint32_t logical_block_size() const override { return logical_; }
    std::uint32_t physical_block_size() const override { return physical_; }
    bool writable() const override { return access_ == Access::read_write; }
    void read(std::uint64_t offset, MutableByteView out) override;
    bool read_cached(std::uint64_t offset, MutableByteView out) override;
    void write(std::uint64_t offset, ByteView data) override;
    void flush() override;
    void discard(std::uint64_t offset, std::uint64_t length) override;
    std::vector<Extent> extents(std::uint64_t offset, std::uint64_t length) override;

    const PosixFile& file() const { return *file_; }

  private:
    bool read_past_the_cache(std::uint64_t offset, MutableByteView out) const;
    std::unique_ptr<PosixFile> file_;
    Access access_;
    std::uint64_t size_ = 0;
    std::uint32_t logical_ = 512;
    std::uint32_t physical_ = 512;
};

/// Makes a raw image of this size (bytes), all zeros, sparse. @throws Error when the file is there
BlockDevicePtr create_raw(const std::string& path, std::uint64_t size,
                          CreateMode mode = CreateMode::create_new);

} // namespace ntferry::block
