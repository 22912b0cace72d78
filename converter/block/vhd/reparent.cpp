// Changes between a differencing VHD and its parent: commit, rebase.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/base/utf.hpp"
#include "converter/block/vhd/parent_locator.hpp"
#include "converter/block/vhd/replace_header.hpp"
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

} // namespace

void rebase(const std::string& child_path, const std::string& parent_path) {
    const ImagePtr parent = open(parent_path, Access::read_only);
    for (const std::string& ancestor : chain(parent_path))
        if (std::filesystem::equivalent(ancestor, child_path))
            throw Error(child_path,
                        fmt::format("is an ancestor of '{}' and cannot become its child", parent_path));
    PosixFile file(child_path, Access::read_write);
    const Layout layout = differencing_layout(file);
    if (parent->size() != layout.disk_size())
        throw Error(child_path, fmt::format("is a disk of {} bytes, '{}' one of {}", layout.disk_size(),
                                            parent_path, parent->size()));
    const Footer base = parent->layout().footer;
    set_parent(file, {base.id, base.timestamp,
                      utf::to_utf16(std::filesystem::path(parent_path).filename().string()),
                      relative_locator(child_path, parent_path),
                      std::filesystem::absolute(parent_path).lexically_normal().string()});
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
        replace_header(child_file, layout, *layout.header);
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
