// Volumes: the file systems of a set of disks, each opened once.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/block/device.hpp"
#include "converter/patch/action.hpp"
#include "converter/volume/filesystem.hpp"
#include "converter/volume/mbr.hpp"
#include "converter/volume/open_filesystem.hpp"

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace ntferry::patch {

class Volumes {
  public:
    /// Reads the partition tables. A disk without one has an empty layout whose problems say so.
    Volumes(std::vector<block::SharedBlockDevice> disks, const volume::FileSystemOptions& options);

    std::size_t disk_count() const { return disks_.size(); }
    block::BlockDevice& disk(unsigned number) const;
    const volume::DiskLayout& layout(unsigned number) const;
    /// The partition that starts there, or nullptr.
    const volume::Partition* partition(const VolumeRef& ref) const;
    /// Opens a file system at first use. @throws Error
    volume::FileSystem& files(const VolumeRef& ref);
    /// Everything written reaches the disks and survives.
    void sync();

  private:
    std::vector<block::SharedBlockDevice> disks_;
    std::vector<volume::DiskLayout> layouts_;
    volume::FileSystemOptions options_;
    std::map<std::pair<unsigned, std::uint64_t>, volume::FileSystemPtr> open_;
};

/// "disk 0, partition at sector 63".
std::string describe(const VolumeRef& ref);

} // namespace ntferry::patch
