// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/nt/reach.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ntferry::nt {

std::uint64_t int13_sectors(const volume::Geometry& geometry) {
    constexpr std::uint64_t cylinders = 1024;
    return cylinders * geometry.heads * geometry.sectors;
}

std::vector<std::string> beyond_reach(DiskSet& disks, const std::vector<FilePlace>& places) {
    std::vector<std::string> found;
    for (const FilePlace& place : places) {
        const VolumeFacts& volume = disks.volumes().at(place.volume);
        volume::FileSystem* files = disks.files(place.volume);
        const std::uint64_t end = int13_sectors(disks.disks().at(volume.disk).geometry);
        if (files == nullptr || volume.ft_volume || volume.start_lba + volume.sectors <= end)
            continue;
        try {
            if (!files->lookup(place.path))
                continue;
            for (const volume::FileExtent& extent : files->file_extents(place.path)) {
                const std::uint64_t last =
                    volume.start_lba + (extent.volume_offset + extent.length - 1) / 512;
                if (extent.length == 0 || last < end)
                    continue;
                const std::string letter = volume.letter == 0 ? "" : fmt::format("{}:", volume.letter);
                found.push_back(fmt::format("{}{} at sector {}", letter, place.path,
                                            std::max(end, volume.start_lba + extent.volume_offset / 512)));
                break;
            }
        } catch (const Error&) {
            continue; // told where the file itself is read
        }
    }
    return found;
}

} // namespace ntferry::nt
