// What lies where a disk could not be read.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/block/device.hpp"
#include "converter/block/rescue_map.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace ntferry::capture {

enum class LossKind : std::uint8_t {
    partition_table, ///< MBR or extended partition table
    boot_area,       ///< boot sector or boot code of a volume
    registry,        ///< a hive
    file,
    file_system, ///< tables of the file system
    free_space,  ///< harmless
    gap,         ///< between partitions: harmless as a rule
    unknown,     ///< the volume could not be opened
};

struct Loss {
    std::uint64_t offset = 0; ///< bytes from the start of the disk
    std::uint64_t length = 0;
    LossKind kind = LossKind::unknown;
    unsigned partition = 0; ///< 1 is the first in the table; 0: none
    std::string path{};     ///< of the file, where one is hit
    bool harmless() const { return kind == LossKind::free_space || kind == LossKind::gap; }
    /// "sector 123456 (512 bytes): partition 1, \WINNT\system32\config\system (registry)".
    std::string describe() const;
};

const char* to_string(LossKind kind);

/// Names what every range of the map that is not finished belongs to, by the file systems of the captured
/// image. Neighbours of one owner are joined; at most most_losses are returned, the last one covers the rest.
std::vector<Loss> name_losses(const block::SharedBlockDevice& image, const block::RescueMap& map);

constexpr std::size_t most_losses = 10000;

} // namespace ntferry::capture
