// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/host/disk/disk_geometry.hpp"

#include <algorithm>
#include <array>

namespace ntferry::vmm {
namespace {

constexpr std::size_t TABLE = 446;
constexpr std::size_t ENTRY = 16;
constexpr std::uint32_t INT13_CYLINDERS = 1024;

} // namespace

std::optional<GuessedGeometry> guess_geometry(block::BlockDevice& disk) {
    std::array<std::uint8_t, 512> mbr{};
    if (disk.size() < mbr.size())
        return std::nullopt;
    disk.read(0, mbr);
    if (mbr[510] != 0x55 || mbr[511] != 0xAA)
        return std::nullopt;
    std::optional<GuessedGeometry> found;
    for (std::size_t entry = TABLE; entry < TABLE + 4 * ENTRY; entry += ENTRY) {
        const std::uint8_t type = mbr[entry + 4];
        const std::uint32_t heads = mbr[entry + 5] + 1U;
        const std::uint32_t sectors = mbr[entry + 6] & 63U;
        const std::uint32_t cylinder = mbr[entry + 7] | (mbr[entry + 6] & 0xC0U) << 2U;
        const std::uint64_t start = load_le<std::uint32_t>(mbr, entry + 8);
        const std::uint64_t length = load_le<std::uint32_t>(mbr, entry + 12);
        if (type == 0 || length == 0)
            continue;
        if (heads > 255 || sectors == 0)
            return std::nullopt;
        // Below the CHS limit the end must be the very sector that LBA says.
        const std::uint64_t end = start + length - 1;
        const std::uint64_t said = (std::uint64_t{cylinder} * heads + heads - 1) * sectors + sectors - 1;
        if (cylinder < INT13_CYLINDERS - 1 && said != end)
            return std::nullopt;
        if (found && (found->heads != heads || found->sectors != sectors))
            return std::nullopt;
        found = GuessedGeometry{0, heads, sectors};
    }
    if (found)
        found->cylinders = static_cast<std::uint32_t>(
            std::max<std::uint64_t>(1, disk.size() / 512 / (std::uint64_t{found->heads} * found->sectors)));
    return found;
}

} // namespace ntferry::vmm
