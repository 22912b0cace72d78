// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/block/vhd/checker.hpp"

#include "converter/block/vhd/bat.hpp"
#include "converter/block/vhd/layout.hpp"
#include "converter/block/vhd/sector_bitmap.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <functional>
#include <optional>

namespace ntferry::block::vhd {
namespace {

struct Structure {
    std::uint64_t begin;
    std::uint64_t end;
    std::string name;
};

Bytes read_part(const File& file, std::uint64_t offset, std::uint64_t length) {
    const std::uint64_t size = file.size();
    Bytes bytes(offset >= size ? 0 : std::min(length, size - offset));
    file.read(offset, bytes);
    return bytes;
}

/// One run over one file.
class Check {
  public:
    explicit Check(const File& file) : file_(file), size_(file.size()) {}

    CheckResult run() {
        footers();
        if (!footer_)
            return std::move(result_);
        fields();
        if (footer_->type == DiskType::fixed)
            fixed();
        else
            sparse();
        return std::move(result_);
    }

    /// Facts that repair() needs, valid after run().
    std::optional<Footer> at_end_;
    std::optional<Footer> copy_;
    std::uint64_t end_offset_ = 0;
    std::uint64_t last_used_ = 0; ///< end of the last structure in use

  private:
    void report(Severity severity, std::uint64_t offset, std::string what, bool repairable = false) {
        if (result_.defects.size() < most_defects)
            result_.defects.push_back({severity, offset, std::move(what), repairable});
        else
            ++result_.omitted;
    }

    void footers() {
        if (size_ < footer_size) {
            report(Severity::error, 0, fmt::format("the file has {} bytes, too few for a footer", size_));
            return;
        }
        end_offset_ = size_ - footer_size;
        const Bytes end = read_part(file_, end_offset_, footer_size);
        at_end_ = Footer::parse(end);
        if (!at_end_ && (at_end_ = Footer::parse(ByteView(end).subspan(1)))) {
            ++end_offset_;
            report(Severity::note, end_offset_, "footer of 511 bytes, as before Virtual PC 2004");
        }
        const Bytes start = read_part(file_, 0, footer_size);
        copy_ = Footer::parse(start);
        const bool sparse = (at_end_ && at_end_->type != DiskType::fixed) || (!at_end_ && copy_);
        if (!at_end_) {
            const bool mendable = copy_.has_value() && copy_->type != DiskType::fixed;
            report(mendable ? Severity::warning : Severity::error, end_offset_,
                   has_footer_cookie(end) ? "footer: wrong checksum or fields"
                                          : "footer: missing at the end of the file",
                   mendable);
            end_offset_ = size_; // the last sector may be a block's
        }
        if (sparse && !copy_)
            report(Severity::error, 0,
                   has_footer_cookie(start) ? "footer copy: wrong checksum or fields"
                                            : "footer copy: missing",
                   at_end_.has_value());
        if (sparse && at_end_ && copy_ && at_end_->serialize() != copy_->serialize())
            report(Severity::warning, 0, "footer copy: differs from the footer at the end", true);
        footer_ = at_end_ ? at_end_ : sparse ? copy_ : std::nullopt;
        if (size_ % sector_size != 0 && end_offset_ % sector_size != 0)
            report(Severity::warning, size_, fmt::format("file size {} is not a multiple of 512", size_));
    }

    void fields() {
        const Footer& footer = *footer_;
        if ((footer.features & 2U) == 0)
            report(Severity::note, end_offset_ + 8, "footer: the reserved feature bit is clear");
        if (footer.current_size == 0 || footer.current_size % sector_size != 0)
            report(Severity::error, end_offset_ + 48,
                   fmt::format("footer: disk size of {} bytes is not valid", footer.current_size));
        if (footer.saved_state != 0)
            report(Severity::warning, end_offset_ + 84,
                   "footer: a saved state of a virtual machine belongs to this disk");
        const std::uint64_t product = footer.geometry.bytes();
        if (product != footer.current_size && footer.geometry != max_geometry)
            report(product > footer.current_size ? Severity::warning : Severity::note, end_offset_ + 56,
                   fmt::format(
                       "footer: geometry {}/{}/{} addresses {} bytes, the size says {}: Virtual PC and older "
                       "QEMU see the former, Hyper-V the latter",
                       footer.geometry.cylinders, footer.geometry.heads, footer.geometry.sectors_per_track,
                       product, footer.current_size));
    }

    void fixed() {
        if (footer_->data_offset != no_offset)
            report(Severity::note, end_offset_ + 16, "footer: a fixed disk has no dynamic header");
        if (footer_->current_size > end_offset_)
            report(
                Severity::error, end_offset_,
                fmt::format("the file holds {} bytes of a disk of {}", end_offset_, footer_->current_size));
        else if (footer_->current_size < end_offset_)
            report(Severity::warning, footer_->current_size,
                   fmt::format("{} bytes between disk and footer belong to nothing",
                               end_offset_ - footer_->current_size));
    }

    void sparse() {
        const Bytes bytes = read_part(file_, footer_->data_offset, dynamic_header_size);
        header_ = DynamicHeader::parse(bytes);
        if (!header_) {
            report(Severity::error, footer_->data_offset,
                   "dynamic header: missing, or wrong checksum or fields");
            return;
        }
        if (!std::has_single_bit(header_->block_size) || header_->block_size < smallest_block_size ||
            header_->block_size > largest_block_size) {
            report(Severity::error, footer_->data_offset + 32,
                   fmt::format("dynamic header: block size of {} bytes is not valid", header_->block_size));
            return;
        }
        const std::uint64_t blocks = (footer_->current_size + header_->block_size - 1) / header_->block_size;
        if (header_->max_table_entries < blocks)
            report(Severity::error, footer_->data_offset + 28,
                   fmt::format("dynamic header: {} table entries, the disk needs {}",
                               header_->max_table_entries, blocks));
        result_.blocks_total = static_cast<std::uint32_t>(std::min<std::uint64_t>(blocks, Bat::most_entries));
        taken_.push_back({0, footer_size, "footer copy"});
        taken_.push_back(
            {footer_->data_offset, footer_->data_offset + dynamic_header_size, "dynamic header"});
        locators();
        table();
    }

    void locators() {
        bool named = !header_->parent_name.empty();
        for (const LocatorEntry& entry : header_->locators) {
            if (entry.platform == 0)
                continue;
            if (entry.data_offset > end_offset_ || entry.data_length > end_offset_ - entry.data_offset) {
                report(Severity::error, footer_->data_offset + 576,
                       fmt::format("parent locator: {} bytes at offset {} lie outside the file",
                                   entry.data_length, entry.data_offset));
                continue;
            }
            named = named || entry.data_length > 0;
            if (entry.data_length > 0)
                taken_.push_back(
                    {entry.data_offset, entry.data_offset + entry.data_length, "parent locator"});
        }
        if (footer_->type == DiskType::differencing && !named)
            report(Severity::error, footer_->data_offset + 64,
                   "dynamic header: differencing disk without a parent's name");
    }

    void table() {
        const std::uint64_t bytes = std::uint64_t{header_->max_table_entries} * 4;
        const std::uint64_t at = header_->table_offset;
        if (at > end_offset_ || bytes > end_offset_ - at || header_->max_table_entries > Bat::most_entries) {
            report(Severity::error, footer_->data_offset + 16,
                   fmt::format("block allocation table: {} entries at offset {} do not lie inside the file",
                               header_->max_table_entries, at));
            return;
        }
        taken_.push_back({at, at + bytes, "block allocation table"});
        const Bat bat = Bat::read(file_, at, header_->max_table_entries);
        const std::uint32_t bitmap = bitmap_bytes_for(header_->block_size);
        const std::uint64_t stride = bitmap + std::uint64_t{header_->block_size};
        for (std::uint32_t block = 0; block < bat.size(); ++block) {
            if (!bat.allocated(block))
                continue;
            const std::uint64_t begin = bat.offset(block);
            if (block >= result_.blocks_total) {
                report(Severity::warning, at + std::uint64_t{block} * 4,
                       fmt::format("block allocation table: entry {} is behind the end of the disk", block));
            } else {
                ++result_.blocks_used;
            }
            if (begin > end_offset_ || stride > end_offset_ - begin) {
                report(Severity::error, at + std::uint64_t{block} * 4,
                       fmt::format("block {}: {} bytes at offset {} do not lie inside the file", block,
                                   stride, begin));
                continue;
            }
            taken_.push_back({begin, begin + stride, fmt::format("block {}", block)});
            if (footer_->type == DiskType::dynamic)
                bitmap_of_dynamic(block, begin);
        }
        overlaps();
        tail();
    }

    /// Readers disagree on a dynamic disk's clear bits: zeros for some, whatever is stored for others.
    void bitmap_of_dynamic(std::uint32_t block, std::uint64_t at) {
        SectorBitmap bits(header_->block_size);
        file_.read(at, bits.bytes());
        const std::uint64_t data = at + bits.bytes().size();
        for (std::uint32_t sector = 0; sector < bits.sectors();) {
            const std::uint32_t run = bits.run_length(sector, bits.sectors() - sector);
            if (!bits.test(sector)) {
                const Bytes bytes = read_part(file_, data + std::uint64_t{sector} * sector_size,
                                              std::uint64_t{run} * sector_size);
                if (!all_zero(bytes)) {
                    report(
                        Severity::warning, data + std::uint64_t{sector} * sector_size,
                        fmt::format("block {}: {} sectors from sector {} hold data but their bits are clear",
                                    block, run, sector));
                    return;
                }
            }
            sector += run;
        }
    }

    void overlaps() {
        std::sort(taken_.begin(), taken_.end(),
                  [](const Structure& a, const Structure& b) { return a.begin < b.begin; });
        const Structure* furthest = nullptr;
        for (const Structure& structure : taken_) {
            if (furthest != nullptr && structure.begin < furthest->end)
                report(Severity::error, structure.begin,
                       fmt::format("{} overlaps {}", structure.name, furthest->name));
            if (furthest == nullptr || structure.end > furthest->end)
                furthest = &structure;
        }
        last_used_ = furthest == nullptr ? 0 : furthest->end;
    }

    void tail() {
        // Our own writer leaves at most one page between the last block and the footer.
        if (end_offset_ > last_used_ && end_offset_ - last_used_ >= header_->block_size)
            report(Severity::warning, last_used_,
                   fmt::format("{} bytes before the footer belong to no block: left by an interrupted write",
                               end_offset_ - last_used_),
                   true);
    }

    const File& file_;
    std::uint64_t size_;
    CheckResult result_;
    std::optional<Footer> footer_;
    std::optional<DynamicHeader> header_;
    std::vector<Structure> taken_;
};

} // namespace

bool CheckResult::usable() const {
    return omitted == 0 && std::none_of(defects.begin(), defects.end(), [](const Defect& defect) {
               return defect.severity == Severity::error;
           });
}

CheckResult check(const File& file) {
    return Check(file).run();
}

std::vector<std::string> repair(File& file) {
    std::vector<std::string> done;
    Check before(file);
    before.run();
    if (!before.at_end_ && before.copy_ && before.copy_->type != DiskType::fixed) {
        // Behind everything, so that nothing is overwritten even if the file lost only part of its footer.
        const std::uint64_t at = (file.size() + sector_size - 1) / sector_size * sector_size;
        file.write(at, before.copy_->serialize());
        file.sync();
        done.push_back(fmt::format("offset {}: footer written from its copy", at));
    } else if (before.at_end_ && before.at_end_->type != DiskType::fixed &&
               (!before.copy_ || before.copy_->serialize() != before.at_end_->serialize())) {
        file.write(0, before.at_end_->serialize());
        file.sync();
        done.emplace_back("offset 0: footer copy written from the footer");
    }
    Check after(file);
    const CheckResult result = after.run();
    const bool has_tail =
        std::any_of(result.defects.begin(), result.defects.end(), [&](const Defect& defect) {
            return defect.repairable && defect.offset == after.last_used_ && after.last_used_ != 0;
        });
    if (has_tail && result.usable()) {
        const std::uint64_t at = (after.last_used_ + data_alignment - 1) / data_alignment * data_alignment;
        file.write(at, after.at_end_->serialize());
        file.sync();
        file.resize(at + footer_size);
        file.sync();
        done.push_back(fmt::format("offset {}: unused tail cut off", at));
    }
    return done;
}

const char* to_string(Severity severity) {
    switch (severity) {
    case Severity::note:
        return "note";
    case Severity::warning:
        return "warning";
    case Severity::error:
        return "error";
    }
    return "unknown";
}

} // namespace ntferry::block::vhd
