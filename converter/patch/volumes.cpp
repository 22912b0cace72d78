// The file systems of a set of disks.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/patch/volumes.hpp"

#include <fmt/format.h>

namespace ntferry::patch {

Volumes::Volumes(std::vector<block::SharedBlockDevice> disks, const volume::FileSystemOptions& options)
    : disks_(std::move(disks)), options_(options) {
    for (const block::SharedBlockDevice& disk : disks_) {
        try {
            layouts_.push_back(volume::read_layout(*disk));
        } catch (const block::ReadError&) {
            throw;
        } catch (const Error& error) {
            volume::DiskLayout empty;
            empty.problems.emplace_back(error.what());
            layouts_.push_back(std::move(empty));
        }
    }
}

block::BlockDevice& Volumes::disk(unsigned number) const {
    if (number >= disks_.size())
        throw Error(fmt::format("disk {}", number), "there is no such disk");
    return *disks_[number];
}

const volume::DiskLayout& Volumes::layout(unsigned number) const {
    if (number >= layouts_.size())
        throw Error(fmt::format("disk {}", number), "there is no such disk");
    return layouts_[number];
}

const volume::Partition* Volumes::partition(const VolumeRef& ref) const {
    if (ref.disk >= layouts_.size())
        return nullptr;
    for (const volume::Partition& partition : layouts_[ref.disk].partitions)
        if (partition.offset() == ref.start && !partition.is_extended())
            return &partition;
    return nullptr;
}

volume::FileSystem& Volumes::files(const VolumeRef& ref) {
    volume::FileSystemPtr& opened = open_[{ref.disk, ref.start}];
    if (!opened) {
        const volume::Partition* found = partition(ref);
        if (found == nullptr)
            throw Error(describe(ref), "no partition starts there");
        opened = volume::open_filesystem(volume::open_partition(disks_[ref.disk], *found), options_);
    }
    return *opened;
}

void Volumes::sync() {
    for (auto& [place, opened] : open_)
        if (opened && opened->writable())
            opened->sync();
    for (const block::SharedBlockDevice& disk : disks_)
        if (disk->writable())
            disk->flush();
}

std::string describe(const VolumeRef& ref) {
    return fmt::format("disk {}, partition at sector {}", ref.disk, ref.start / 512);
}

} // namespace ntferry::patch
