// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/block/vhd/layout.hpp"

#include "converter/block/vhd/bat.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

namespace ntferry::block::vhd {
namespace {

/// The size field of the largest VHD that Microsoft's tools make is 2040 GiB; sector numbers in the BAT end
/// at 2 TiB. Fixed disks have no such bound.
constexpr std::uint64_t largest_dynamic_disk = std::uint64_t{2} << 40U;

Bytes read_up_to(const File& file, std::uint64_t offset, std::size_t length) {
    const std::uint64_t size = file.size();
    Bytes bytes(offset >= size ? 0 : std::min<std::uint64_t>(length, size - offset));
    file.read(offset, bytes);
    return bytes;
}

struct Found {
    std::optional<Footer> at_end;
    std::optional<Footer> copy;
    std::uint64_t end_offset = 0;
    bool cookie = false;
};

Found find_footers(const File& file) {
    Found found;
    const std::uint64_t size = file.size();
    if (size < footer_size)
        throw Error(file.name(), fmt::format("is too short for a VHD: {} bytes", size));
    found.end_offset = size - footer_size;
    const Bytes end = read_up_to(file, found.end_offset, footer_size);
    found.at_end = Footer::parse(end);
    found.cookie = has_footer_cookie(end);
    if (!found.at_end) {
        // Virtual PC before 2004 wrote 511 bytes.
        const ByteView shorter = ByteView(end).subspan(1);
        if (auto footer = Footer::parse(shorter)) {
            found.at_end = footer;
            found.end_offset = size - footer_size + 1;
        }
        found.cookie = found.cookie || has_footer_cookie(shorter);
    }
    const Bytes start = read_up_to(file, 0, footer_size);
    found.copy = Footer::parse(start);
    found.cookie = found.cookie || has_footer_cookie(start);
    return found;
}

void judge_header(const File& file, const Footer& footer, const DynamicHeader& header) {
    if (!std::has_single_bit(header.block_size) || header.block_size < smallest_block_size ||
        header.block_size > largest_block_size)
        throw Error(file.name(), fmt::format("block size of {} bytes is not valid", header.block_size));
    const std::uint64_t size = footer.disk_size();
    if (size == 0 || size > largest_dynamic_disk)
        throw Error(file.name(), fmt::format("disk size of {} bytes is not valid", size));
    if (header.max_table_entries < (size + header.block_size - 1) / header.block_size)
        throw Error(file.name(),
                    fmt::format("block allocation table of {} entries is too short for a disk of {} "
                                "bytes in blocks of {}",
                                header.max_table_entries, size, header.block_size));
}

} // namespace

bool looks_like_vhd(const File& file) {
    return file.size() >= footer_size && find_footers(file).cookie;
}

Layout read_layout(const File& file) {
    const Found found = find_footers(file);
    if (!found.at_end && !(found.copy && found.copy->type != DiskType::fixed))
        throw Error(file.name(), found.cookie ? "VHD footer is damaged, and there is no good copy of it"
                                              : "is not a VHD: no footer");
    Layout layout;
    layout.end_footer_valid = found.at_end.has_value();
    layout.footer = found.at_end ? *found.at_end : *found.copy;
    layout.footer_offset =
        found.at_end ? found.end_offset : (file.size() + sector_size - 1) / sector_size * sector_size;

    if (layout.footer.type == DiskType::fixed) {
        if (layout.footer.current_size > found.end_offset)
            throw Error(file.name(),
                        fmt::format("is truncated: the fixed disk has {} bytes, the file holds {}",
                                    layout.footer.current_size, found.end_offset));
        if (layout.footer.current_size == 0)
            throw Error(file.name(), "disk size of 0 bytes is not valid");
        return layout;
    }
    const Bytes bytes = read_up_to(file, layout.footer.data_offset, dynamic_header_size);
    layout.header = DynamicHeader::parse(bytes);
    if (!layout.header)
        throw Error(file.name(),
                    fmt::format("dynamic disk header at offset {} is damaged", layout.footer.data_offset));
    judge_header(file, layout.footer, *layout.header);
    layout.blocks = static_cast<std::uint32_t>((layout.disk_size() + layout.header->block_size - 1) /
                                               layout.header->block_size);
    return layout;
}

std::uint64_t place_for_block(std::uint64_t from, std::uint32_t bitmap_bytes) {
    const std::uint64_t data = (from + bitmap_bytes + data_alignment - 1) / data_alignment * data_alignment;
    return data - bitmap_bytes;
}

} // namespace ntferry::block::vhd
