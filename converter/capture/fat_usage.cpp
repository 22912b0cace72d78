// FAT12, FAT16 and FAT32: clusters in use from the file allocation table, the page file's chain from the root
// directory. Microsoft FAT specification 1.03. Nothing on the volume is trusted.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/capture/volume_usage.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <optional>

namespace ntferry::capture {
namespace {

constexpr std::uint64_t largest_table = std::uint64_t{1} << 30U; ///< FAT32 with 2^28 clusters
constexpr std::uint64_t largest_root = 4U << 20U;
constexpr char page_file_name[] = "PAGEFILESYS";
constexpr std::uint8_t attribute_volume_or_directory = 0x18;

class FatTables {
  public:
    FatTables(block::BlockDevice& volume, const volume::Bpb& bpb) : volume_(volume), bpb_(bpb) {
        const std::uint64_t sector = bpb.bytes_per_sector;
        table_at_ = bpb.reserved_sectors * sector;
        table_bytes_ = bpb.fat_sectors * sector;
        root_at_ = table_at_ + bpb.fat_count * table_bytes_;
        data_at_ = root_at_ + (std::uint64_t{bpb.root_entries} * 32 + sector - 1) / sector * sector;
        switch (bpb.kind) {
        case volume::FileSystemKind::fat12:
            bits_ = 12;
            break;
        case volume::FileSystemKind::fat16:
            bits_ = 16;
            break;
        default:
            bits_ = 32;
            break;
        }
        const std::uint64_t needed = ((bpb.cluster_count + 2) * bits_ + 7) / 8;
        if (bpb.fat_count == 0 || table_bytes_ < needed || needed > largest_table ||
            data_at_ + bpb.cluster_count * bpb.cluster_size() > volume.size())
            throw Error({}, "boot sector: the file allocation table does not fit the volume");
    }

    VolumeUsage usage() {
        VolumeUsage result;
        result.file_system = fmt::format("FAT{}", bits_);
        SkipList free;
        const std::uint32_t cluster_size = bpb_.cluster_size();
        for (std::uint64_t cluster = 2; cluster < bpb_.cluster_count + 2; ++cluster) {
            const std::uint32_t value = entry(cluster);
            if (value == 0 || value == bad_cluster())
                free.add(data_at_ + (cluster - 2) * cluster_size, cluster_size, SkipKind::free_space);
        }
        try {
            merge_skips(result.skips, free.ranges(), page_file());
        } catch (const Error& error) {
            result.note = fmt::format("pagefile.sys is copied: {}", error.problem());
            result.skips = free;
        }
        return result;
    }

  private:
    std::uint32_t mask() const { return bits_ == 12 ? 0xFFFU : bits_ == 16 ? 0xFFFFU : 0x0FFFFFFFU; }
    std::uint32_t bad_cluster() const { return mask() - 8; } // ...FF7
    bool is_end(std::uint32_t value) const { return value > bad_cluster(); }

    /// A window of the table; the second copy where the first cannot be read.
    void load_window(std::uint64_t offset) {
        constexpr std::uint64_t window = 192U << 10U; // divisible by 3: no FAT12 entry crosses it
        window_at_ = offset / window * window;
        window_.resize(std::min(window, table_bytes_ - window_at_));
        for (std::uint32_t copy = 0; copy < bpb_.fat_count; ++copy) {
            try {
                volume_.read(table_at_ + copy * table_bytes_ + window_at_, window_);
                return;
            } catch (const block::ReadError&) {
                if (copy + 1 == bpb_.fat_count)
                    throw;
            }
        }
    }

    std::uint32_t entry(std::uint64_t cluster) {
        const std::uint64_t at = cluster * bits_ / 8;
        if (window_.empty() || at < window_at_ || at + (bits_ + 7) / 8 > window_at_ + window_.size())
            load_window(at);
        const std::size_t in_window = at - window_at_;
        if (bits_ == 32)
            return load_le<std::uint32_t>(window_, in_window) & mask();
        const auto pair = load_le<std::uint16_t>(window_, in_window);
        if (bits_ == 16)
            return pair;
        return cluster % 2 == 0 ? pair & 0xFFFU : static_cast<std::uint32_t>(pair >> 4U);
    }

    std::uint64_t cluster_offset(std::uint64_t cluster) const {
        return data_at_ + (cluster - 2) * bpb_.cluster_size();
    }
    bool valid(std::uint64_t cluster) const { return cluster >= 2 && cluster < bpb_.cluster_count + 2; }

    /// The clusters of a chain. @throws Error when it leaves the volume or does not end
    std::vector<std::uint32_t> chain(std::uint32_t first, std::uint64_t most) {
        std::vector<std::uint32_t> clusters;
        for (std::uint32_t cluster = first; !is_end(cluster); cluster = entry(cluster)) {
            if (!valid(cluster) || clusters.size() >= most)
                throw Error({}, "a cluster chain is damaged");
            clusters.push_back(cluster);
        }
        return clusters;
    }

    Bytes root_directory() {
        if (bits_ != 32) {
            Bytes bytes(std::size_t{bpb_.root_entries} * 32);
            volume_.read(root_at_, bytes);
            return bytes;
        }
        Bytes bytes;
        const std::uint32_t cluster_size = bpb_.cluster_size();
        for (const std::uint32_t cluster : chain(bpb_.root_cluster, largest_root / cluster_size + 1)) {
            bytes.resize(bytes.size() + cluster_size);
            volume_.read(cluster_offset(cluster), MutableByteView(bytes).last(cluster_size));
        }
        return bytes;
    }

    std::vector<Skip> page_file() {
        const Bytes root = root_directory();
        for (std::size_t at = 0; at + 32 <= root.size() && root[at] != 0; at += 32) {
            const ByteView found = ByteView(root).subspan(at, 32);
            if (std::memcmp(found.data(), page_file_name, 11) != 0 ||
                (found[11] & attribute_volume_or_directory) != 0)
                continue;
            const std::uint32_t high = bits_ == 32 ? load_le<std::uint16_t>(found, 20) : 0U;
            const std::uint32_t first = high << 16U | load_le<std::uint16_t>(found, 26);
            if (first == 0)
                return {};
            const std::uint32_t size = load_le<std::uint32_t>(found, 28);
            const std::uint32_t cluster_size = bpb_.cluster_size();
            // A chain longer than the size says may have run into another file's.
            const auto clusters = chain(first, (std::uint64_t{size} + cluster_size - 1) / cluster_size);
            std::vector<Skip> extents;
            for (const std::uint32_t cluster : clusters)
                extents.push_back({cluster_offset(cluster), cluster_size, SkipKind::page_file});
            return extents;
        }
        return {};
    }

    block::BlockDevice& volume_;
    const volume::Bpb& bpb_;
    unsigned bits_ = 0;
    std::uint64_t table_at_ = 0;
    std::uint64_t table_bytes_ = 0;
    std::uint64_t root_at_ = 0;
    std::uint64_t data_at_ = 0;
    std::uint64_t window_at_ = 0;
    Bytes window_;
};

} // namespace

VolumeUsage fat_usage(block::BlockDevice& volume, const volume::Bpb& bpb) {
    return FatTables(volume, bpb).usage();
}

} // namespace ntferry::capture
