// FixedDisk: the disk's bytes, then a footer.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/block/cached_reads.hpp"
#include "converter/block/vhd/image.hpp"

namespace ntferry::block::vhd {

class FixedDisk final : public Image, public CachedReads {
  public:
    FixedDisk(FilePtr file, Layout layout, Access access);

    std::string name() const override { return file_->name(); }
    std::uint64_t size() const override { return layout_.disk_size(); }
    bool writable() const override { return access_ == Access::read_write; }
    void read(std::uint64_t offset, MutableByteView out) override;
    bool read_cached(std::uint64_t offset, MutableByteView out) override;
    void write(std::uint64_t offset, ByteView data) override;
    void flush() override;
    void discard(std::uint64_t offset, std::uint64_t length) override;
    std::vector<Extent> extents(std::uint64_t offset, std::uint64_t length) override;

    Layout layout() const override { return layout_; }
    std::vector<Extent> own_extents(std::uint64_t offset, std::uint64_t length) override;
    void zero(std::uint64_t offset, std::uint64_t length) override;

  private:
    FilePtr file_;
    Layout layout_;
    Access access_;
};

/// Writes zeros over a range of a file, as a hole where the file system can.
void zero_file_range(File& file, std::uint64_t offset, std::uint64_t length);

} // namespace ntferry::block::vhd
