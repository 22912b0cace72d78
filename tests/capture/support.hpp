// Sources that fail, change and shrink, and small disks with file systems.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/base/progress.hpp"
#include "converter/block/device.hpp"

#include <functional>
#include <set>
#include <string>
#include <vector>

namespace ntferry::test {

/// A disk in memory with bad sectors.
class FailingDisk final : public block::BlockDevice {
  public:
    explicit FailingDisk(Bytes content) : content(std::move(content)) {}
    std::string name() const override { return "failing disk"; }
    std::uint64_t size() const override { return content.size(); }
    void read(std::uint64_t offset, MutableByteView out) override;

    Bytes content;
    std::set<std::uint64_t> bad;      ///< sectors
    std::uint64_t ends_at = ~0ULL;    ///< reads beyond this find the end of the file
    std::uint64_t gone_after = ~0ULL; ///< reads after so many fail as if the device were unplugged
    std::uint64_t reads = 0;
    std::uint64_t bytes_read = 0;
    std::set<std::uint64_t> touched; ///< 64 KiB pieces that were read
};

/// Asks for a stop at the n-th call.
class StoppingProgress final : public Progress {
  public:
    StoppingProgress(std::function<void()> stop, unsigned calls) : stop_(std::move(stop)), calls_(calls) {}
    void phase(std::string_view name, std::uint64_t) override {
        phases.emplace_back(name);
        count();
    }
    void update(const ProgressState&) override { count(); }
    void note(std::string_view) override {}
    void done() override { count(); }
    unsigned calls() const { return seen_; }
    std::vector<std::string> phases;

  private:
    void count() {
        if (++seen_ == calls_)
            stop_();
    }
    std::function<void()> stop_;
    unsigned calls_;
    unsigned seen_ = 0;
};

/// Pseudo-random bytes without zero bytes.
Bytes noise(std::size_t size, unsigned seed);
Bytes read_all(block::BlockDevice& disk);
/// The content of an image file, cut to size bytes.
Bytes image_content(const std::string& path, std::size_t size);

/// An MBR with one partition from sector 63 and its volume, made by mkntfs or mkfs.fat; stale bytes in all
/// free clusters, files through libntfs-3g's or mtools' programs. Empty when a program is missing.
/// @param make "ntfs", "fat12", "fat16", "fat16-64k", "fat32"
std::string make_volume_disk(const std::string& folder, const std::string& make);

} // namespace ntferry::test
