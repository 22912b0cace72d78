// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/block/rescued.hpp"

#include <algorithm>
#include <cerrno>

namespace ntferry::block {

RescuedDevice::RescuedDevice(BlockDevicePtr image, RescueMap map)
    : image_(std::move(image)), map_(std::move(map)) {
    map_.resize(image_->size()); // what lies behind the map was not tried
}

void RescuedDevice::read(std::uint64_t offset, MutableByteView out) {
    check_range(offset, out.size());
    const std::uint64_t end = offset + out.size();
    for (std::uint64_t at = offset; at < end;) {
        const RescueRange& range = map_.at(at);
        if (range.status != RescueStatus::finished)
            throw ReadError(name(), at, std::min(end, range.end()) - at, EIO);
        at = range.end();
    }
    image_->read(offset, out);
}

std::vector<Extent> RescuedDevice::extents(std::uint64_t offset, std::uint64_t length) {
    check_range(offset, length);
    std::vector<Extent> found;
    const auto add = [&](std::uint64_t at, std::uint64_t bytes, ExtentKind kind) {
        if (!found.empty() && found.back().kind == kind)
            found.back().length += bytes;
        else
            found.push_back({at, bytes, kind});
    };
    // A hole of the image file where nothing was rescued is not known to be zero.
    for (std::uint64_t at = offset; at < offset + length;) {
        const RescueRange& range = map_.at(at);
        const std::uint64_t end = std::min(offset + length, range.end());
        if (range.status != RescueStatus::finished)
            add(at, end - at, ExtentKind::data);
        else
            for (const Extent& extent : image_->extents(at, end - at))
                add(extent.offset, extent.length, extent.kind);
        at = end;
    }
    return found;
}

} // namespace ntferry::block
