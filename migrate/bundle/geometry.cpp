// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/bundle/geometry.hpp"

#include "converter/volume/bpb.hpp"
#include "converter/volume/geometry.hpp"
#include "converter/volume/mbr.hpp"

#include <algorithm>

namespace ntferry::bundle {
namespace {

/// AH=08 tells at most 1024 cylinders.
profiles::DiskGeometry with_heads(std::uint64_t bytes, std::uint32_t heads, std::uint32_t sectors) {
    const std::uint64_t cylinders = bytes / 512 / (std::uint64_t{heads} * sectors);
    return {static_cast<std::uint32_t>(std::clamp<std::uint64_t>(cylinders, 1, 1024)), heads, sectors};
}

} // namespace

std::vector<profiles::DiskGeometry> geometry_candidates(block::BlockDevice& disk) {
    std::vector<profiles::DiskGeometry> candidates;
    const auto add = [&](std::uint32_t heads, std::uint32_t sectors) {
        if (heads == 0 || heads > 255 || sectors == 0 || sectors > 63)
            return;
        const profiles::DiskGeometry geometry = with_heads(disk.size(), heads, sectors);
        if (std::find(candidates.begin(), candidates.end(), geometry) == candidates.end())
            candidates.push_back(geometry);
    };
    try {
        const volume::DiskLayout layout = volume::read_layout(disk);
        const volume::Geometry recovered = volume::recover_geometry(disk, layout);
        if (recovered.confidence != volume::GeometryConfidence::none)
            add(recovered.heads, recovered.sectors);
        if (const volume::Partition* active = layout.active()) {
            Bytes sector(512);
            disk.read(active->offset(), sector);
            if (const auto bpb = volume::parse_bpb(sector))
                add(bpb->heads, bpb->sectors_per_track);
        }
    } catch (const Error&) {
        // No table, or it cannot be read: what controllers used remains.
    }
    add(255, 63);
    add(240, 63);
    add(128, 63);
    add(64, 32);
    add(16, 63);
    return candidates;
}

} // namespace ntferry::bundle
