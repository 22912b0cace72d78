// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/block/vhd/sparse_disk.hpp"

#include "converter/block/vhd/fixed_disk.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>

namespace ntferry::block::vhd {
namespace {

/// Cached bitmaps of clean blocks are dropped beyond this many (16 MiB with blocks of 2 MiB).
constexpr std::size_t most_cached_bitmaps = 32768;
/// Below this it costs more to ask the file system for holes than to read the zeros.
constexpr std::uint64_t smallest_hole_worth_asking = 64U << 10U;

void append(std::vector<Extent>& extents, std::uint64_t offset, std::uint64_t length, ExtentKind kind) {
    if (length == 0)
        return;
    if (!extents.empty() && extents.back().kind == kind)
        extents.back().length += length;
    else
        extents.push_back({offset, length, kind});
}

} // namespace

SparseDisk::SparseDisk(FilePtr file, Layout layout, Access access, SharedBlockDevice parent, Touch touch)
    : file_(std::move(file)), layout_(std::move(layout)), access_(access), parent_(std::move(parent)),
      touch_(touch), size_(layout_.disk_size()), block_size_(layout_.header.value().block_size),
      bitmap_bytes_(bitmap_bytes_for(block_size_)),
      bat_(Bat::read(*file_, layout_.header->table_offset, layout_.blocks)),
      writeback_from_(layout_.footer_offset) {
    if (writable())
        judge_blocks();
}

SparseDisk::~SparseDisk() {
    try {
        if (writable())
            flush();
    } catch (...) { // NOLINT(bugprone-empty-catch): flush() reports; here nobody listens
    }
}

Layout SparseDisk::layout() const {
    const std::shared_lock lock(lookup_);
    return layout_;
}

/// A disk with overlapping or outlying blocks may be read, but a write could destroy a neighbour.
void SparseDisk::judge_blocks() const {
    struct Structure {
        std::uint64_t begin;
        std::uint64_t end;
        bool operator<(const Structure& other) const { return begin < other.begin; }
    };
    std::vector<Structure> all;
    const std::uint64_t stride = bitmap_bytes_ + std::uint64_t{block_size_};
    for (std::uint32_t block = 0; block < bat_.size(); ++block)
        if (bat_.allocated(block))
            all.push_back({bat_.offset(block), bat_.offset(block) + stride});
    const std::uint64_t header = layout_.footer.data_offset;
    const std::uint64_t table = layout_.header->table_offset;
    all.push_back({0, footer_size});
    all.push_back({header, header + dynamic_header_size});
    all.push_back({table, table + std::uint64_t{bat_.size()} * 4});
    std::sort(all.begin(), all.end());
    std::uint64_t free_from = 0;
    for (const Structure& one : all) {
        if (one.begin < free_from || one.end > layout_.footer_offset)
            throw Error(file_->name(),
                        fmt::format("the structure at offset {} overlaps another one or the end of the file",
                                    one.begin),
                        "see 'ntferry image check'; it is not opened for writing");
        free_from = one.end;
    }
}

SparseDisk::CachedBitmap& SparseDisk::load_bitmap(std::uint32_t block) {
    if (const auto at = bitmaps_.find(block); at != bitmaps_.end())
        return at->second;
    CachedBitmap cached{SectorBitmap(block_size_)};
    file_->read(bat_.offset(block), cached.bits.bytes());
    if (bitmaps_.size() >= most_cached_bitmaps)
        std::erase_if(bitmaps_, [](const auto& entry) { return !entry.second.dirty; });
    return bitmaps_.emplace(block, std::move(cached)).first->second;
}

SparseDisk::Run SparseDisk::map_allocated(std::uint32_t block, std::uint64_t in_block, std::uint64_t limit,
                                          SectorBitmap* bitmap) {
    std::uint64_t length = std::min<std::uint64_t>(limit, block_size_ - in_block);
    Where where = Where::file;
    if (bitmap != nullptr) {
        const auto first = static_cast<std::uint32_t>(in_block / sector_size);
        const auto last = static_cast<std::uint32_t>((in_block + length - 1) / sector_size);
        const std::uint64_t run_end =
            (std::uint64_t{first} + bitmap->run_length(first, last - first + 1)) * sector_size;
        length = std::min(length, run_end - in_block);
        if (!bitmap->test(first))
            return {Where::parent, 0, length};
    }
    const std::uint64_t at = data_offset(block) + in_block;
    if (at >= layout_.footer_offset)
        throw Error(file_->name(),
                    fmt::format("block {} of the disk lies at offset {}, outside the file", block,
                                bat_.offset(block)),
                    "see 'ntferry image check'");
    return {where, at, std::min(length, layout_.footer_offset - at)};
}

/// As map(); nothing when the block's bitmap has to be read from the file first.
std::optional<SparseDisk::Run> SparseDisk::map_known(std::uint64_t offset, std::uint64_t limit) {
    auto block = static_cast<std::uint32_t>(offset / block_size_);
    const std::uint64_t in_block = offset % block_size_;
    const std::shared_lock lock(lookup_);
    if (!bat_.allocated(block)) {
        std::uint64_t length = block_size_ - in_block;
        while (length < limit && !bat_.allocated(++block))
            length += block_size_;
        return Run{parent_ ? Where::parent : Where::nowhere, 0, std::min(length, limit)};
    }
    if (!parent_)
        return map_allocated(block, in_block, limit, nullptr);
    if (const auto at = bitmaps_.find(block); at != bitmaps_.end())
        return map_allocated(block, in_block, limit, &at->second.bits);
    return std::nullopt;
}

/// Where the bytes from offset on come from, as far as they come from one place.
SparseDisk::Run SparseDisk::map(std::uint64_t offset, std::uint64_t limit) {
    if (const std::optional<Run> run = map_known(offset, limit))
        return *run;
    const auto block = static_cast<std::uint32_t>(offset / block_size_);
    const std::unique_lock lock(lookup_);
    return map_allocated(block, offset % block_size_, limit, &load_bitmap(block).bits);
}

void SparseDisk::read_parent(std::uint64_t offset, MutableByteView out) {
    // A parent may be shorter than its child: the rest reads as zeros.
    const std::uint64_t end = parent_->size();
    const std::size_t there = offset >= end ? 0 : std::min<std::uint64_t>(out.size(), end - offset);
    if (there > 0)
        parent_->read(offset, out.first(there));
    std::fill(out.begin() + static_cast<std::ptrdiff_t>(there), out.end(), std::uint8_t{0});
}

void SparseDisk::read(std::uint64_t offset, MutableByteView out) {
    check_range(offset, out.size());
    while (!out.empty()) {
        const Run run = map(offset, out.size());
        const MutableByteView part = out.first(run.length);
        if (run.where == Where::file)
            file_->read(run.file_offset, part);
        else if (run.where == Where::parent)
            read_parent(offset, part);
        else
            std::fill(part.begin(), part.end(), std::uint8_t{0});
        offset += run.length;
        out = out.subspan(run.length);
    }
}

bool SparseDisk::read_cached(std::uint64_t offset, MutableByteView out) {
    check_range(offset, out.size());
    while (!out.empty()) {
        const std::optional<Run> run = map_known(offset, out.size());
        if (!run)
            return false;
        const MutableByteView part = out.first(run->length);
        if (run->where == Where::nowhere) {
            std::fill(part.begin(), part.end(), std::uint8_t{0});
        } else if (run->where == Where::file) {
            if (!block::read_cached(*file_, run->file_offset, part))
                return false;
        } else {
            auto* below = dynamic_cast<CachedReads*>(parent_.get());
            if (below == nullptr || offset + part.size() > parent_->size() ||
                !below->read_cached(offset, part))
                return false;
        }
        offset += run->length;
        out = out.subspan(run->length);
    }
    return true;
}

std::vector<Extent> SparseDisk::own_extents(std::uint64_t offset, std::uint64_t length) {
    check_range(offset, length);
    std::vector<Extent> found;
    const std::uint64_t end = offset + length;
    while (offset < end) {
        const Run run = map(offset, end - offset);
        append(found, offset, run.length, run.where == Where::file ? ExtentKind::data : ExtentKind::hole);
        offset += run.length;
    }
    return found;
}

std::vector<Extent> SparseDisk::extents(std::uint64_t offset, std::uint64_t length) {
    check_range(offset, length);
    std::vector<Extent> found;
    const std::uint64_t end = offset + length;
    while (offset < end) {
        const Run run = map(offset, end - offset);
        if (run.where == Where::file && run.length >= smallest_hole_worth_asking) {
            for (const Extent& part : file_->extents(run.file_offset, run.length))
                append(found, offset + (part.offset - run.file_offset), part.length,
                       part.kind == ExtentKind::data ? ExtentKind::data : ExtentKind::zero);
        } else if (run.where == Where::parent) {
            const std::uint64_t there = std::clamp(parent_->size(), offset, offset + run.length) - offset;
            if (there > 0)
                for (const Extent& part : parent_->extents(offset, there))
                    append(found, part.offset, part.length, part.kind);
            append(found, offset + there, run.length - there, ExtentKind::zero);
        } else {
            append(found, offset, run.length, run.where == Where::file ? ExtentKind::data : ExtentKind::hole);
        }
        offset += run.length;
    }
    return found;
}

/// Before the first write: a new time stamp, and a footer at the end if that was lost.
void SparseDisk::touch() {
    if (touched_)
        return;
    touched_ = true;
    if (touch_ == Touch::never) {
        if (!layout_.end_footer_valid)
            file_->write(layout_.footer_offset, layout_.footer.serialize());
        return;
    }
    set_timestamp(std::max(to_vhd_time(std::time(nullptr)), layout_.footer.timestamp + 1));
}

void SparseDisk::set_timestamp(std::uint32_t timestamp) {
    {
        const std::unique_lock lock(lookup_);
        layout_.footer.timestamp = timestamp;
        layout_.end_footer_valid = true;
    }
    touched_ = true;
    file_->write(layout_.footer_offset, layout_.footer.serialize());
    copy_stale_ = true;
}

void SparseDisk::allocate(std::uint32_t block) {
    const std::uint64_t bitmap_at = place_for_block(layout_.footer_offset + footer_size, bitmap_bytes_);
    const std::uint64_t new_footer = bitmap_at + bitmap_bytes_ + block_size_;
    if (bitmap_at / sector_size >= Bat::unused)
        throw Error(file_->name(), "has no room for another block: VHD ends at 2 TiB");
    try {
        file_->write(new_footer, layout_.footer.serialize());
        if (!parent_) {
            SectorBitmap all(block_size_);
            all.set(0, all.sectors());
            file_->write(bitmap_at, all.bytes());
        }
    } catch (const Error&) {
        try {
            file_->resize(layout_.footer_offset + footer_size);
        } catch (const Error&) { // NOLINT(bugprone-empty-catch): the first error is the one to report
        }
        throw;
    }
    const std::unique_lock lock(lookup_);
    bat_.set(block, static_cast<std::uint32_t>(bitmap_at / sector_size));
    layout_.footer_offset = new_footer;
    if (parent_)
        bitmaps_.insert_or_assign(block, CachedBitmap{SectorBitmap(block_size_)});
}

void SparseDisk::write(std::uint64_t offset, ByteView data) {
    if (!writable())
        BlockDevice::write(offset, data);
    check_range(offset, data.size());
    const std::lock_guard lock(writer_);
    touch();
    while (!data.empty()) {
        const std::uint64_t in_block = offset % block_size_;
        const auto part = data.first(std::min<std::uint64_t>(data.size(), block_size_ - in_block));
        write_in_block(static_cast<std::uint32_t>(offset / block_size_), in_block, part);
        offset += part.size();
        data = data.subspan(part.size());
    }
}

/// Where a write of sectors that ends at `end` is to end in the file. libvhdi (20210425) takes the last byte
/// of a run of set bits for fully set, so the sectors up to the next multiple of eight come along from the
/// parent.
std::uint64_t SparseDisk::stored_end(std::uint32_t block, std::uint64_t end) {
    constexpr std::uint64_t group = std::uint64_t{8} * sector_size;
    const std::uint64_t group_end = (end + group - 1) / group * group;
    if (group_end == end)
        return end;
    if (bat_.allocated(block)) {
        const std::unique_lock lock(lookup_);
        const SectorBitmap& bits = load_bitmap(block).bits;
        const auto first = static_cast<std::uint32_t>(end / sector_size);
        const auto count = static_cast<std::uint32_t>((group_end - end) / sector_size);
        if (bits.test(first) && bits.run_length(first, count) == count)
            return end;
    }
    return group_end;
}

void SparseDisk::write_in_block(std::uint32_t block, std::uint64_t in_block, ByteView data) {
    if (!parent_) {
        if (!bat_.allocated(block)) {
            if (all_zero(data))
                return;
            allocate(block);
        }
        file_->write(data_offset(block) + in_block, data);
        return;
    }
    const std::uint64_t begin = in_block / sector_size * sector_size;
    const std::uint64_t end =
        stored_end(block, (in_block + data.size() + sector_size - 1) / sector_size * sector_size);
    if (begin == in_block && end == in_block + data.size()) {
        write_sectors(block, in_block, data);
        return;
    }
    // Bits stand for whole sectors: what the caller did not give comes from what the sectors hold now.
    Bytes whole(end - begin);
    const std::uint64_t disk_at = std::uint64_t{block} * block_size_ + begin;
    read(disk_at, MutableByteView(whole).first(std::min<std::uint64_t>(whole.size(), size_ - disk_at)));
    std::copy(data.begin(), data.end(), whole.begin() + static_cast<std::ptrdiff_t>(in_block - begin));
    write_sectors(block, begin, whole);
}

void SparseDisk::write_sectors(std::uint32_t block, std::uint64_t in_block, ByteView data) {
    if (!bat_.allocated(block))
        allocate(block);
    file_->write(data_offset(block) + in_block, data);
    const std::unique_lock lock(lookup_);
    CachedBitmap& bitmap = load_bitmap(block);
    if (bitmap.bits.set(static_cast<std::uint32_t>(in_block / sector_size),
                        static_cast<std::uint32_t>(data.size() / sector_size)) &&
        !bitmap.dirty) {
        bitmap.dirty = true;
        dirty_bitmaps_.push_back(block);
    }
}

void SparseDisk::start_writeback() {
    const std::lock_guard lock(writer_);
    // The last block may still be filled: it comes along next time.
    const std::uint64_t last_block = bitmap_bytes_ + std::uint64_t{block_size_};
    const std::uint64_t end = layout_.footer_offset > last_block ? layout_.footer_offset - last_block : 0;
    if (end <= writeback_from_)
        return;
    file_->start_writeback(writeback_from_, end - writeback_from_);
    writeback_from_ = end;
}

void SparseDisk::flush() {
    if (!writable())
        return;
    const std::lock_guard lock(writer_);
    flush_locked();
}

void SparseDisk::flush_locked() {
    file_->sync();
    if (!bat_.dirty() && dirty_bitmaps_.empty() && !copy_stale_)
        return;
    // Readers only look things up meanwhile, and nothing below changes what they find.
    std::sort(dirty_bitmaps_.begin(), dirty_bitmaps_.end());
    for (const std::uint32_t block : dirty_bitmaps_)
        file_->write(bat_.offset(block), bitmaps_.at(block).bits.bytes());
    bat_.write_changes(*file_);
    if (copy_stale_)
        file_->write(0, layout_.footer.serialize());
    file_->sync();
    const std::unique_lock lock(lookup_);
    for (const std::uint32_t block : dirty_bitmaps_)
        bitmaps_.at(block).dirty = false;
    dirty_bitmaps_.clear();
    copy_stale_ = false;
}

void SparseDisk::discard(std::uint64_t offset, std::uint64_t length) {
    check_range(offset, length);
    if (writable() && !parent_)
        zero(offset, length);
}

void SparseDisk::zero(std::uint64_t offset, std::uint64_t length) {
    if (!writable())
        BlockDevice::write(offset, {});
    check_range(offset, length);
    if (parent_) {
        const Bytes zeros(std::min<std::uint64_t>(length, block_size_));
        for (std::uint64_t done = 0; done < length; done += zeros.size())
            write(offset + done, ByteView(zeros).first(std::min<std::uint64_t>(zeros.size(), length - done)));
        return;
    }
    const std::lock_guard lock(writer_);
    touch();
    const std::uint64_t end = offset + length;
    while (offset < end) {
        const Run run = map(offset, end - offset);
        if (run.where == Where::file)
            zero_file_range(*file_, run.file_offset, run.length);
        offset += run.length;
    }
}

} // namespace ntferry::block::vhd
