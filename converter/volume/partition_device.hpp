// A partition as a disk of its own: a window on a BlockDevice.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/block/device.hpp"

#include <cstdint>
#include <string>

namespace ntferry::volume {

/// Bytes [offset, offset + length) of a disk. Writable when the disk is.
class PartitionDevice final : public block::BlockDevice {
  public:
    /// @param label how messages call it after the disk's name: "partition 1"
    /// @throws Error when the window does not lie inside the disk
    PartitionDevice(block::SharedBlockDevice disk, std::uint64_t offset, std::uint64_t length,
                    std::string label);

    std::string name() const override;
    std::uint64_t size() const override { return length_; }
    std::uint32_t logical_block_size() const override { return disk_->logical_block_size(); }
    std::uint32_t physical_block_size() const override { return disk_->physical_block_size(); }
    bool writable() const override { return disk_->writable(); }
    void read(std::uint64_t offset, MutableByteView out) override;
    void write(std::uint64_t offset, ByteView data) override;
    void flush() override { disk_->flush(); }
    void discard(std::uint64_t offset, std::uint64_t length) override;
    std::vector<block::Extent> extents(std::uint64_t offset, std::uint64_t length) override;

    /// Bytes from the start of the disk.
    std::uint64_t offset() const { return offset_; }

  private:
    block::SharedBlockDevice disk_;
    std::uint64_t offset_;
    std::uint64_t length_;
    std::string label_;
};

} // namespace ntferry::volume
