// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/block/vhd/fixed_disk.hpp"

#include <algorithm>

namespace ntferry::block::vhd {

void zero_file_range(File& file, std::uint64_t offset, std::uint64_t length) {
    if (file.punch(offset, length))
        return;
    const Bytes zeros(std::min<std::uint64_t>(length, 1U << 20U));
    for (std::uint64_t done = 0; done < length; done += zeros.size())
        file.write(offset + done,
                   ByteView(zeros).first(std::min<std::uint64_t>(zeros.size(), length - done)));
}

FixedDisk::FixedDisk(FilePtr file, Layout layout, Access access)
    : file_(std::move(file)), layout_(std::move(layout)), access_(access) {}

void FixedDisk::read(std::uint64_t offset, MutableByteView out) {
    check_range(offset, out.size());
    file_->read(offset, out);
}

bool FixedDisk::read_cached(std::uint64_t offset, MutableByteView out) {
    check_range(offset, out.size());
    return block::read_cached(*file_, offset, out);
}

void FixedDisk::write(std::uint64_t offset, ByteView data) {
    if (!writable())
        BlockDevice::write(offset, data);
    check_range(offset, data.size());
    file_->write(offset, data);
}

void FixedDisk::flush() {
    if (writable())
        file_->sync();
}

void FixedDisk::discard(std::uint64_t offset, std::uint64_t length) {
    check_range(offset, length);
    if (writable())
        file_->punch(offset, length);
}

std::vector<Extent> FixedDisk::extents(std::uint64_t offset, std::uint64_t length) {
    check_range(offset, length);
    return file_->extents(offset, length);
}

std::vector<Extent> FixedDisk::own_extents(std::uint64_t offset, std::uint64_t length) {
    return BlockDevice::extents(offset, length); // a fixed disk stores everything
}

void FixedDisk::zero(std::uint64_t offset, std::uint64_t length) {
    if (!writable())
        BlockDevice::write(offset, {});
    check_range(offset, length);
    zero_file_range(*file_, offset, length);
}

} // namespace ntferry::block::vhd
