// Opening a differencing VHD: finds and proves its parents.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/block/vhd/fixed_disk.hpp"
#include "converter/block/vhd/parent_locator.hpp"
#include "converter/block/vhd/vhd.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <set>

#include <sys/stat.h>

namespace ntferry::block::vhd {
namespace {

struct Link {
    std::string path;
    std::unique_ptr<PosixFile> file;
    Layout layout;
};

/// Refuses a file that the chain went through already.
class Visited {
  public:
    void add(const PosixFile& file) {
        struct stat status {};
        if (fstat(file.descriptor(), &status) != 0 || !seen_.insert({status.st_dev, status.st_ino}).second)
            throw Error(file.name(), "is its own ancestor: the chain of parents is a cycle");
    }

  private:
    std::set<std::pair<dev_t, ino_t>> seen_;
};

Link open_link(const std::string& path, Access access) {
    Link link{path, std::make_unique<PosixFile>(path, access), {}};
    link.layout = read_layout(*link.file);
    return link;
}

void judge_timestamp(const Link& child, const Link& parent) {
    if (child.layout.footer.creator == creator_ntferry &&
        child.layout.header->parent_timestamp != parent.layout.footer.timestamp)
        throw Error(
            child.path,
            fmt::format("its parent '{}' was written to after this image was made on it", parent.path),
            "use the parent as it was, or 'ntferry image rebase' if you know that it fits");
}

Link open_parent(const Link& child) {
    const DynamicHeader& header = child.layout.header.value();
    const std::vector<ParentName> names = stored_parent_names(*child.file, header);
    const std::vector<std::string> candidates = parent_candidates(child.path, names);
    const std::string called = names.empty() ? std::string("without a name") : "'" + names.back().text + "'";
    std::string looked_for;
    std::string other_disk;
    for (const std::string& candidate : candidates) {
        looked_for += (looked_for.empty() ? "" : ", ") + candidate;
        if (!std::filesystem::exists(candidate))
            continue;
        Link parent = open_link(candidate, Access::read_only);
        if (parent.layout.footer.id != header.parent_id) {
            other_disk = candidate;
            continue;
        }
        judge_timestamp(child, parent);
        return parent;
    }
    if (!other_disk.empty())
        throw Error(
            child.path,
            fmt::format("'{}' is not the parent it was made on: its unique id is another", other_disk),
            "put the right parent there, or 'ntferry image rebase' if you know that it fits");
    throw Error(child.path,
                fmt::format("its parent {} is missing{}", called,
                            looked_for.empty() ? "" : " (looked for " + looked_for + ")"),
                "put the parent beside it, or name it with 'ntferry image rebase'");
}

std::vector<Link> open_chain(const std::string& path, Access access) {
    std::vector<Link> links;
    Visited visited;
    links.push_back(open_link(path, access));
    visited.add(*links.back().file);
    while (links.back().layout.footer.type == DiskType::differencing) {
        Link parent = open_parent(links.back());
        visited.add(*parent.file);
        links.push_back(std::move(parent));
    }
    return links;
}

ImagePtr make_image(FilePtr file, Layout layout, Access access, SharedBlockDevice parent, Touch touch) {
    if (layout.footer.type == DiskType::fixed)
        return std::make_unique<FixedDisk>(std::move(file), std::move(layout), access);
    return std::make_unique<SparseDisk>(std::move(file), std::move(layout), access, std::move(parent), touch);
}

} // namespace

ImagePtr open(const std::string& path, Access access, Touch touch) {
    std::vector<Link> links = open_chain(path, access);
    SharedBlockDevice parent;
    while (links.size() > 1) {
        Link& link = links.back();
        parent = make_image(std::move(link.file), std::move(link.layout), Access::read_only, parent, touch);
        links.pop_back();
    }
    return make_image(std::move(links[0].file), std::move(links[0].layout), access, parent, touch);
}

ImagePtr open_image(FilePtr file, Access access, SharedBlockDevice parent, Touch touch) {
    Layout layout = read_layout(*file);
    if (layout.footer.type == DiskType::differencing && !parent)
        throw Error(file->name(), "is a differencing disk without its parent");
    if (layout.footer.type != DiskType::differencing)
        parent.reset();
    return make_image(std::move(file), std::move(layout), access, std::move(parent), touch);
}

std::vector<std::string> chain(const std::string& path) {
    std::vector<std::string> paths;
    for (const Link& link : open_chain(path, Access::read_only))
        paths.push_back(link.path);
    return paths;
}

} // namespace ntferry::block::vhd
