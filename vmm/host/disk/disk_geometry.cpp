// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/host/disk/disk_geometry.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace ntferry::vmm {
namespace {

constexpr std::size_t TABLE = 446;
constexpr std::size_t ENTRY = 16;
constexpr std::uint32_t INT13_CYLINDERS = 1024;

/// A sector that a partition table names twice.
struct Place {
    std::uint32_t cylinder;
    std::uint32_t head;
    std::uint32_t sector; ///< from 1
    std::uint64_t lba;

    /// Beyond the last cylinder that fits CHS says nothing.
    bool told() const { return sector != 0 && cylinder < INT13_CYLINDERS - 1; }
    bool fits(std::uint32_t heads, std::uint32_t sectors) const {
        return head < heads && sector <= sectors &&
               (std::uint64_t{cylinder} * heads + head) * sectors + sector - 1 == lba;
    }
};

struct Partition {
    Place first;
    Place last;
};

std::vector<Partition> partitions_of(ByteView mbr) {
    std::vector<Partition> partitions;
    const auto place = [&](std::size_t at, std::uint64_t lba) {
        return Place{mbr[at + 2] | (mbr[at + 1] & 0xC0U) << 2U, mbr[at], mbr[at + 1] & 63U, lba};
    };
    for (std::size_t entry = TABLE; entry < TABLE + 4 * ENTRY; entry += ENTRY) {
        const std::uint64_t start = load_le<std::uint32_t>(mbr, entry + 8);
        const std::uint64_t length = load_le<std::uint32_t>(mbr, entry + 12);
        if (mbr[entry + 4] != 0 && length != 0)
            partitions.push_back({place(entry + 1, start), place(entry + 5, start + length - 1)});
    }
    return partitions;
}

} // namespace

std::optional<GuessedGeometry> guess_geometry(block::BlockDevice& disk) {
    std::array<std::uint8_t, 512> mbr{};
    if (disk.size() < mbr.size())
        return std::nullopt;
    disk.read(0, mbr);
    if (mbr[510] != 0x55 || mbr[511] != 0xAA)
        return std::nullopt;
    const std::vector<Partition> partitions = partitions_of(mbr);
    for (const Partition& candidate : partitions) {
        const std::uint32_t heads = candidate.last.head + 1;
        const std::uint32_t sectors = candidate.last.sector;
        if (heads > 255 || sectors == 0)
            continue;
        const auto agrees = [&](const Place& place) { return !place.told() || place.fits(heads, sectors); };
        const auto ends_elsewhere = [&](const Partition& partition) {
            return !partition.last.told() &&
                   (partition.last.head + 1 != heads || partition.last.sector != sectors);
        };
        // Other partitions may end inside a cylinder, as members of stripe sets do; below the CHS limit each
        // must begin and end at the very sectors that LBA says.
        if (std::all_of(partitions.begin(), partitions.end(),
                        [&](const Partition& p) { return agrees(p.first) && agrees(p.last); }) &&
            std::none_of(partitions.begin(), partitions.end(), ends_elsewhere)) {
            const std::uint64_t cylinders = disk.size() / 512 / (std::uint64_t{heads} * sectors);
            return GuessedGeometry{static_cast<std::uint32_t>(std::max<std::uint64_t>(1, cylinders)), heads,
                                   sectors};
        }
    }
    return std::nullopt;
}

} // namespace ntferry::vmm
