// New VHD files.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/base/utf.hpp"
#include "converter/block/vhd/fixed_disk.hpp"
#include "converter/block/vhd/parent_locator.hpp"
#include "converter/block/vhd/vhd.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <ctime>
#include <filesystem>

namespace ntferry::block::vhd {
namespace {

constexpr std::uint64_t header_offset = footer_size;
constexpr std::uint64_t table_offset = header_offset + dynamic_header_size;
/// Room for a locator: paths may become longer when an image is moved.
constexpr std::uint64_t locator_space = 4096;

std::uint64_t round_up(std::uint64_t value, std::uint64_t unit) {
    return (value + unit - 1) / unit * unit;
}

Footer new_footer(DiskType type, std::uint64_t size, SizeRule rule) {
    if (size == 0)
        throw Error({}, "a disk of 0 bytes cannot be made");
    Footer footer;
    footer.type = type;
    footer.current_size = rule == SizeRule::geometry ? round_to_geometry(size) : round_up(size, sector_size);
    footer.original_size = footer.current_size;
    footer.geometry = geometry_for(footer.current_size / sector_size);
    if (footer.geometry.bytes() != footer.current_size)
        footer.geometry = max_geometry;
    footer.timestamp = to_vhd_time(std::time(nullptr));
    footer.id = random_id();
    if (type != DiskType::fixed)
        footer.data_offset = header_offset;
    return footer;
}

DynamicHeader new_header(const Footer& footer, std::uint32_t block_size) {
    if (!std::has_single_bit(block_size) || block_size < smallest_block_size ||
        block_size > largest_block_size)
        throw Error({}, fmt::format("block size of {} bytes is not valid", block_size),
                    "use a power of two from 4096 to 268435456", ErrorKind::usage);
    const std::uint64_t blocks = (footer.current_size + block_size - 1) / block_size;
    if (footer.current_size > (std::uint64_t{2040} << 30U) || blocks > Bat::most_entries)
        throw Error({}, fmt::format("a disk of {} bytes is too large for a dynamic VHD", footer.current_size),
                    "VHD ends at 2040 GiB; use a fixed VHD or a raw image", ErrorKind::unsupported);
    DynamicHeader header;
    header.table_offset = table_offset;
    header.block_size = block_size;
    header.max_table_entries = static_cast<std::uint32_t>(blocks);
    return header;
}

/// Writes everything behind the copy of the footer first: the file is a VHD only once it is complete.
ImagePtr write_sparse(FilePtr file, const Footer& footer, const DynamicHeader& header, std::uint64_t end,
                      SharedBlockDevice parent) {
    file->write(header_offset, header.serialize());
    Bat(header.table_offset, header.max_table_entries).write_all(*file);
    const std::uint64_t footer_at = round_up(end, data_alignment);
    file->write(footer_at, footer.serialize());
    file->write(0, footer.serialize());
    file->sync();
    Layout layout;
    layout.footer = footer;
    layout.header = header;
    layout.footer_offset = footer_at;
    layout.end_footer_valid = true;
    layout.blocks = header.max_table_entries;
    return std::make_unique<SparseDisk>(std::move(file), std::move(layout), Access::read_write,
                                        std::move(parent), Touch::never);
}

/// Runs make on a new file; a file that could not be completed is removed again.
template <typename Make>
ImagePtr on_new_file(const std::string& path, CreateMode mode, const Make& make) {
    auto file = std::make_unique<PosixFile>(path, Access::read_write, mode);
    try {
        ImagePtr image = make(std::move(file));
        sync_directory_of(path);
        return image;
    } catch (const Error& error) {
        std::error_code ignored;
        if (mode == CreateMode::create_new)
            std::filesystem::remove(path, ignored);
        if (error.where().empty())
            throw error.within(path);
        throw;
    }
}

} // namespace

ImagePtr create_dynamic(FilePtr file, std::uint64_t size, const CreateOptions& options) {
    const Footer footer = new_footer(DiskType::dynamic, size, options.size_rule);
    const DynamicHeader header = new_header(footer, options.block_size);
    return write_sparse(std::move(file), footer, header,
                        table_offset + Bat::stored_bytes(header.max_table_entries), nullptr);
}

ImagePtr create_dynamic(const std::string& path, std::uint64_t size, const CreateOptions& options) {
    return on_new_file(path, options.mode,
                       [&](FilePtr file) { return create_dynamic(std::move(file), size, options); });
}

ImagePtr create_fixed(const std::string& path, std::uint64_t size, const CreateOptions& options) {
    return on_new_file(path, options.mode, [&](FilePtr file) -> ImagePtr {
        Layout layout;
        layout.footer = new_footer(DiskType::fixed, size, options.size_rule);
        layout.footer_offset = layout.footer.current_size;
        layout.end_footer_valid = true;
        file->write(layout.footer_offset, layout.footer.serialize());
        file->sync();
        return std::make_unique<FixedDisk>(std::move(file), std::move(layout), Access::read_write);
    });
}

ImagePtr create_differencing(const std::string& path, const std::string& parent_path,
                             const CreateOptions& options) {
    std::shared_ptr<Image> parent = open(parent_path, Access::read_only);
    const Layout base = parent->layout();
    Footer footer = new_footer(DiskType::differencing, parent->size(), SizeRule::exact);
    footer.geometry = base.footer.geometry;
    DynamicHeader header = new_header(footer, options.block_size);
    header.parent_id = base.footer.id;
    header.parent_timestamp = base.footer.timestamp;
    header.parent_name = utf::to_utf16(std::filesystem::path(parent_path).filename().string());

    const Bytes relative = encode_locator(relative_locator(path, parent_path));
    const Bytes absolute = encode_locator(std::filesystem::absolute(parent_path).lexically_normal().string());
    std::uint64_t at = round_up(table_offset + Bat::stored_bytes(header.max_table_entries), data_alignment);
    const auto place = [&](std::size_t slot, std::uint32_t platform, const Bytes& text) {
        const std::uint64_t space = std::max(locator_space, round_up(text.size(), sector_size));
        header.locators[slot] = {platform, static_cast<std::uint32_t>(space),
                                 static_cast<std::uint32_t>(text.size()), at};
        at += space;
    };
    place(0, platform_w2ru, relative);
    place(1, platform_w2ku, absolute);
    return on_new_file(path, options.mode, [&](FilePtr file) {
        file->write(header.locators[0].data_offset, relative);
        file->write(header.locators[1].data_offset, absolute);
        return write_sparse(std::move(file), footer, header, at, parent);
    });
}

} // namespace ntferry::block::vhd
