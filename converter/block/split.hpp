// SplitDevice: one raw disk in several files, one after the other.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/block/file.hpp"

namespace ntferry::block {

class SplitDevice final : public BlockDevice {
  public:
    /// @param paths the parts in order
    explicit SplitDevice(const std::vector<std::string>& paths);
    std::string name() const override { return parts_.front().file->name(); }
    std::uint64_t size() const override { return size_; }
    void read(std::uint64_t offset, MutableByteView out) override;
    std::vector<Extent> extents(std::uint64_t offset, std::uint64_t length) override;

  private:
    struct Part {
        std::unique_ptr<PosixFile> file;
        std::uint64_t offset;
        std::uint64_t length;
    };
    std::size_t part_at(std::uint64_t offset) const;
    std::vector<Part> parts_;
    std::uint64_t size_ = 0;
};

/// All parts when path is the first of several ("disk.000", "disk.001", "diskaa"; the next one exists), else
/// nothing.
std::vector<std::string> split_parts(const std::string& path);

} // namespace ntferry::block
