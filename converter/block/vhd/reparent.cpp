// Changes between a differencing VHD and its parent: commit, rebase.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/block/vhd/parent_locator.hpp"
#include "converter/block/vhd/vhd.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <filesystem>

namespace ntferry::block::vhd {
namespace {

constexpr std::uint64_t copy_step = 2U << 20U;

Layout differencing_layout(const File& file) {
    Layout layout = read_layout(file);
    if (layout.footer.type != DiskType::differencing)
        throw Error(file.name(),
                    fmt::format("is a {} disk and has no parent", to_string(layout.footer.type)));
    return layout;
}

/// The header is two sectors and written as one; disks with 4 KiB sectors write it whole or not at all.
void write_header(File& file, const Layout& layout) {
    file.write(layout.footer.data_offset, layout.header->serialize());
    file.sync();
}

/// Bytes that the stored locator may take without touching what follows it.
std::uint64_t room_of(const Layout& layout, const LocatorEntry& entry) {
    if (layout.footer.creator == creator_ntferry)
        return entry.data_space;
    return (entry.data_length + sector_size - 1) / sector_size * sector_size;
}

void store_locator(File& file, Layout& layout, std::uint32_t platform, const std::string& text) {
    auto& locators = layout.header->locators;
    auto slot = std::find_if(locators.begin(), locators.end(),
                             [&](const LocatorEntry& entry) { return entry.platform == platform; });
    if (slot == locators.end())
        slot = std::find_if(locators.begin(), locators.end(),
                            [](const LocatorEntry& entry) { return entry.platform == 0; });
    if (slot == locators.end())
        throw Error(file.name(), "has no free parent locator");
    const Bytes bytes = encode_locator(text);
    if (slot->platform == 0 || bytes.size() > room_of(layout, *slot)) {
        // New room behind the footer, which moves to the new end as it does for a data block.
        const std::uint64_t at = layout.footer_offset + footer_size + data_alignment -
                                 (layout.footer_offset + footer_size) % data_alignment;
        const std::uint64_t space = (bytes.size() + data_alignment - 1) / data_alignment * data_alignment;
        file.write(at + space, layout.footer.serialize());
        layout.footer_offset = at + space;
        *slot = {platform, static_cast<std::uint32_t>(space), 0, at};
    }
    file.write(slot->data_offset, bytes);
    slot->data_length = static_cast<std::uint32_t>(bytes.size());
}

} // namespace

void rebase(const std::string& child_path, const std::string& parent_path) {
    const ImagePtr parent = open(parent_path, Access::read_only);
    for (const std::string& ancestor : chain(parent_path))
        if (std::filesystem::equivalent(ancestor, child_path))
            throw Error(child_path,
                        fmt::format("is an ancestor of '{}' and cannot become its child", parent_path));
    PosixFile file(child_path, Access::read_write);
    Layout layout = differencing_layout(file);
    if (parent->size() != layout.disk_size())
        throw Error(child_path, fmt::format("is a disk of {} bytes, '{}' one of {}", layout.disk_size(),
                                            parent_path, parent->size()));
    store_locator(file, layout, platform_w2ru, relative_locator(child_path, parent_path));
    store_locator(file, layout, platform_w2ku,
                  std::filesystem::absolute(parent_path).lexically_normal().string());
    file.sync();
    const Footer base = parent->layout().footer;
    layout.header->parent_id = base.id;
    layout.header->parent_timestamp = base.timestamp;
    layout.header->parent_name = utf16_from_utf8(std::filesystem::path(parent_path).filename().string());
    write_header(file, layout);
}

void commit(const std::string& child_path, Progress& progress, std::stop_token stop) {
    const std::vector<std::string> paths = chain(child_path);
    PosixFile child_file(child_path, Access::read_write); // locked until the end
    Layout layout = differencing_layout(child_file);
    const ImagePtr child = open(child_path, Access::read_only);
    const ImagePtr parent = open(paths.at(1), Access::read_write, Touch::never);

    // From here on other children of this parent must not be read any more, but this one must: both sides of
    // its time stamp change before the first byte of data does.
    if (auto* sparse = dynamic_cast<SparseDisk*>(parent.get())) {
        const std::uint32_t now =
            std::max(to_vhd_time(std::time(nullptr)), parent->layout().footer.timestamp + 1);
        layout.header->parent_timestamp = now;
        sparse->set_timestamp(now);
        sparse->flush();
        write_header(child_file, layout);
    }
    const std::uint64_t size = std::min(child->size(), parent->size());
    progress.phase("commit", size);
    Bytes buffer;
    for (const Extent& extent : child->own_extents(0, size)) {
        for (std::uint64_t done = 0; extent.kind == ExtentKind::data && done < extent.length;
             done += buffer.size()) {
            if (stop.stop_requested())
                throw Interrupted(child_path, "run it again to go on");
            buffer.resize(std::min(copy_step, extent.length - done));
            child->read(extent.offset + done, buffer);
            parent->write(extent.offset + done, buffer);
            progress.update({.done = extent.offset + done + buffer.size(), .total = size});
        }
    }
    parent->flush();
    progress.done();
}

} // namespace ntferry::block::vhd
