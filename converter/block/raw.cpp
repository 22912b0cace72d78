// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/block/raw.hpp"

#include <algorithm>
#include <array>

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

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
    try {
        file_->read(offset, out);
    } catch (const ReadError&) {
        if (!read_past_the_cache(offset, out))
            throw;
    }
}

/// The page cache of a block device reads whole pages: one bad sector takes its neighbours along. A read of
/// single sectors gets a second chance with O_DIRECT, which asks the disk for just these.
bool RawDevice::read_past_the_cache(std::uint64_t offset, MutableByteView out) const {
    constexpr std::size_t page = 4096;
    if (!file_->is_block_device() || out.size() > page || offset % logical_ != 0 ||
        out.size() % logical_ != 0)
        return false;
    const int fd = ::open(file_->name().c_str(), O_RDONLY | O_DIRECT | O_CLOEXEC); // NOLINT
    if (fd < 0)
        return false;
    alignas(page) std::array<std::uint8_t, page> buffer;
    const ssize_t got = ::pread(fd, buffer.data(), out.size(), static_cast<off_t>(offset));
    ::close(fd);
    if (got != static_cast<ssize_t>(out.size()))
        return false;
    std::copy_n(buffer.begin(), out.size(), out.begin());
    return true;
}

bool RawDevice::read_cached(std::uint64_t offset, MutableByteView out) {
    check_range(offset, out.size());
    return block::read_cached(*file_, offset, out);
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
