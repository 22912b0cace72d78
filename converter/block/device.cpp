// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/block/device.hpp"

#include <fmt/format.h>

#include <system_error>

namespace ntferry::block {

ReadError::ReadError(std::string where, std::uint64_t offset, std::uint64_t length, int error_number)
    : Error(std::move(where), fmt::format("cannot read {} bytes at offset {}: {}", length, offset,
                                          std::generic_category().message(error_number))),
      offset_(offset), length_(length), error_number_(error_number) {}

void BlockDevice::write(std::uint64_t offset, ByteView data) {
    check_range(offset, data.size());
    throw Error(name(), "is read-only");
}

void BlockDevice::discard(std::uint64_t offset, std::uint64_t length) {
    check_range(offset, length);
}

std::vector<Extent> BlockDevice::extents(std::uint64_t offset, std::uint64_t length) {
    check_range(offset, length);
    if (length == 0)
        return {};
    return {Extent{offset, length, ExtentKind::data}};
}

void BlockDevice::check_range(std::uint64_t offset, std::uint64_t length) const {
    const std::uint64_t end = size();
    if (offset > end || length > end - offset)
        throw Error(name(), fmt::format("{} bytes at offset {} lie outside the disk of {} bytes", length,
                                        offset, end));
}

} // namespace ntferry::block
