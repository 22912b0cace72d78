// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/block/rescued.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>

namespace ntferry::block {
namespace {

/// What LBAs of 32 bits reach.
constexpr std::uint64_t largest_disk = std::uint64_t{2} << 40U;

} // namespace

std::optional<std::string> unfinished_map_beside(const std::string& image) {
    namespace fs = std::filesystem;
    for (const char* ending : {".map", ".mapfile", ".log"})
        for (const fs::path& path : {fs::path(image + ending), fs::path(image).replace_extension(ending)}) {
            std::error_code error;
            if (!fs::is_regular_file(path, error) || path == fs::path(image))
                continue;
            std::ifstream file(path);
            std::string line;
            // Up to release 1.23 it was a log file.
            if (!std::getline(file, line) || (!line.starts_with("# Mapfile. Created by GNU ddrescue") &&
                                              !line.starts_with("# Rescue Logfile. Created by GNU ddrescue")))
                continue;
            if (!RescueMap::load(path.string()).complete())
                return path.string();
        }
    return std::nullopt;
}

RescuedDevice::RescuedDevice(BlockDevicePtr image, RescueMap map)
    : image_(std::move(image)), map_(std::move(map)) {
    const std::uint64_t stored = image_->size();
    // What lies behind the map was not tried. Of a source without an end the map has no sensible one either.
    if (map_.size() < stored || map_.size() > largest_disk)
        map_.resize(stored);
    if (map_.size() > stored)
        map_.set(stored, map_.size() - stored, RescueStatus::non_tried);
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
