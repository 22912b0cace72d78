// SparseDisk: dynamic and differencing VHDs, read and written in place.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/block/cached_reads.hpp"
#include "converter/block/vhd/bat.hpp"
#include "converter/block/vhd/image.hpp"
#include "converter/block/vhd/sector_bitmap.hpp"

#include <cstdint>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <unordered_map>

namespace ntferry::block::vhd {

/// Whether the first write changes the footer's time stamp, by which children notice that their parent is no
/// longer what they were made on.
enum class Touch : std::uint8_t { on_first_write, never };

/// How a crash finds the file: writes go to blocks that the BAT on disk does not know yet, or to sectors
/// whose bit is still clear on disk. flush() makes data durable first, then writes bitmaps and BAT, then
/// makes those durable. A new block starts behind the footer, which stays where it is until the new footer
/// lies at the new end; the copy at offset 0 covers the moment in between. Overwrites of what is there
/// already go in place.
class SparseDisk final : public Image, public CachedReads {
  public:
    /// @param parent what a differencing disk lies on; none for a dynamic one
    /// @throws Error when the BAT cannot be read, or for writing when its blocks overlap or lie outside
    SparseDisk(FilePtr file, Layout layout, Access access, SharedBlockDevice parent,
               Touch touch = Touch::on_first_write);
    /// Flushes; a failure then is lost, so call flush() before.
    ~SparseDisk() override;

    std::string name() const override { return file_->name(); }
    std::uint64_t size() const override { return size_; }
    bool writable() const override { return access_ == Access::read_write; }
    void read(std::uint64_t offset, MutableByteView out) override;
    bool read_cached(std::uint64_t offset, MutableByteView out) override;
    void write(std::uint64_t offset, ByteView data) override;
    void flush() override;
    void discard(std::uint64_t offset, std::uint64_t length) override;
    std::vector<Extent> extents(std::uint64_t offset, std::uint64_t length) override;

    Layout layout() const override;
    BlockDevice* parent() const override { return parent_.get(); }
    std::vector<Extent> own_extents(std::uint64_t offset, std::uint64_t length) override;
    void zero(std::uint64_t offset, std::uint64_t length) override;
    void start_writeback() override;

    /// Changes the footer's time stamp to this value at the next flush, as a first write would.
    void set_timestamp(std::uint32_t timestamp);

  private:
    enum class Where : std::uint8_t { file, parent, nowhere };
    struct Run {
        Where where;
        std::uint64_t file_offset;
        std::uint64_t length;
    };
    struct CachedBitmap {
        SectorBitmap bits;
        bool dirty = false;
    };

    Run map(std::uint64_t offset, std::uint64_t limit);
    std::optional<Run> map_known(std::uint64_t offset, std::uint64_t limit);
    Run map_allocated(std::uint32_t block, std::uint64_t in_block, std::uint64_t limit, SectorBitmap* bitmap);
    CachedBitmap& load_bitmap(std::uint32_t block);
    void read_parent(std::uint64_t offset, MutableByteView out);

    void judge_blocks() const;
    void touch();
    void allocate(std::uint32_t block);
    std::uint64_t stored_end(std::uint32_t block, std::uint64_t end);
    void write_in_block(std::uint32_t block, std::uint64_t in_block, ByteView data);
    void write_sectors(std::uint32_t block, std::uint64_t in_block, ByteView data);
    void flush_locked();
    std::uint64_t data_offset(std::uint32_t block) const { return bat_.offset(block) + bitmap_bytes_; }

    FilePtr file_;
    Layout layout_;
    Access access_;
    SharedBlockDevice parent_;
    Touch touch_;
    std::uint64_t size_;
    std::uint32_t block_size_;
    std::uint32_t bitmap_bytes_;

    std::mutex writer_;                ///< one writer; held across its file I/O
    mutable std::shared_mutex lookup_; ///< bat_, bitmaps_, layout_: never held for writing across data I/O
    Bat bat_;
    std::unordered_map<std::uint32_t, CachedBitmap> bitmaps_;
    std::vector<std::uint32_t> dirty_bitmaps_;
    std::uint64_t writeback_from_ = 0; ///< file offset; what lies before was asked for
    bool touched_ = false;
    bool copy_stale_ = false;
};

} // namespace ntferry::block::vhd
