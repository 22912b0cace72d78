// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/block/raw.hpp"

#include <linux/fs.h>
#include <sys/ioctl.h>

namespace ntferry::block {

RawDevice::RawDevice(const std::string& path, Access access)
    : RawDevice(std::make_unique<PosixFile>(path, access), access) {}

RawDevice::RawDevice(std::unique_ptr<PosixFile> file, Access access)
    : file_(std::move(file)), access_(access), size_(file_->size()) {
    if (!file_->is_block_device())
        return;
    int logical = 0;
    unsigned physical = 0;
    // NOLINTBEGIN(cppcoreguidelines-pro-type-vararg)
    if (ioctl(file_->descriptor(), BLKSSZGET, &logical) == 0 && logical > 0)
        logical_ = static_cast<std::uint32_t>(logical);
    physical_ = ioctl(file_->descriptor(), BLKPBSZGET, &physical) == 0 && physical > 0 ? physical : logical_;
    // NOLINTEND(cppcoreguidelines-pro-type-vararg)
}

void RawDevice::read(std::uint64_t offset, MutableByteView out) {
    check_range(offset, out.size());
    file_->read(offset, out);
}

void RawDevice::write(std::uint64_t offset, ByteView data) {
    if (!writable())
        BlockDevice::write(offset, data);
    check_range(offset, data.size());
    file_->write(offset, data);
}

void RawDevice::flush() {
    if (writable())
        file_->sync();
}

void RawDevice::discard(std::uint64_t offset, std::uint64_t length) {
    check_range(offset, length);
    if (writable() && !file_->is_block_device())
        file_->punch(offset, length);
}

std::vector<Extent> RawDevice::extents(std::uint64_t offset, std::uint64_t length) {
    check_range(offset, length);
    return file_->extents(offset, length);
}

BlockDevicePtr create_raw(const std::string& path, std::uint64_t size, CreateMode mode) {
    auto file = std::make_unique<PosixFile>(path, Access::read_write, mode);
    file->resize(size);
    return std::make_unique<RawDevice>(std::move(file), Access::read_write);
}

} // namespace ntferry::block
