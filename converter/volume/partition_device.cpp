// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/volume/partition_device.hpp"

#include <fmt/format.h>

namespace ntferry::volume {

PartitionDevice::PartitionDevice(block::SharedBlockDevice disk, std::uint64_t offset, std::uint64_t length,
                                 std::string label)
    : disk_(std::move(disk)), offset_(offset), length_(length), label_(std::move(label)) {
    const std::uint64_t end = disk_->size();
    if (offset_ > end || length_ > end - offset_)
        throw Error(
            name(),
            fmt::format("ends at byte {} but the disk has only {}", checked_add(offset_, length_), end),
            "the image is truncated or the partition table is damaged: capture the whole disk");
}

std::string PartitionDevice::name() const {
    return label_.empty() ? disk_->name() : disk_->name() + ": " + label_;
}

void PartitionDevice::read(std::uint64_t offset, MutableByteView out) {
    check_range(offset, out.size());
    disk_->read(offset_ + offset, out);
}

void PartitionDevice::write(std::uint64_t offset, ByteView data) {
    check_range(offset, data.size());
    disk_->write(offset_ + offset, data);
}

void PartitionDevice::discard(std::uint64_t offset, std::uint64_t length) {
    check_range(offset, length);
    disk_->discard(offset_ + offset, length);
}

std::vector<block::Extent> PartitionDevice::extents(std::uint64_t offset, std::uint64_t length) {
    check_range(offset, length);
    std::vector<block::Extent> list = disk_->extents(offset_ + offset, length);
    for (block::Extent& extent : list)
        extent.offset -= offset_;
    return list;
}

} // namespace ntferry::volume
