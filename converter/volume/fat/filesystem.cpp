// Looking up, listing, reading.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/volume/fat/filesystem.hpp"

#include "converter/base/utf.hpp"
#include "converter/volume/fat/open.hpp"
#include "converter/volume/fat/operation.hpp"
#include "converter/volume/path.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

namespace ntferry::volume::fat {

FileSystemPtr open(block::SharedBlockDevice volume, const Bpb& bpb, const FileSystemOptions& options) {
    const std::uint64_t bytes = checked_mul(bpb.total_sectors, bpb.bytes_per_sector);
    if (bytes > volume->size())
        throw Error(
            volume->name(),
            fmt::format("the FAT volume says it has {} bytes but only {} are there", bytes, volume->size()),
            "the image is truncated, or this is one member of a volume or stripe set");
    const std::string name = volume->name();
    auto fs = std::make_unique<FatFileSystem>(std::move(volume), bpb, options.writable);
    if (options.writable && !options.allow_dirty && fs->dirty())
        throw Error(
            name, "the FAT volume is marked dirty: chkdsk is due",
            "shut the source down cleanly and capture again, or allow writing to a dirty volume (nothing "
            "was written)",
            ErrorKind::decision);
    return fs;
}

FatFileSystem::FatFileSystem(block::SharedBlockDevice device, const Bpb& bpb, bool writable)
    : device_(std::move(device)), bpb_(bpb), layout_(bpb_), table_(*device_, layout_), writable_(writable) {}

void FatFileSystem::fail(std::string_view path, std::string problem) const {
    throw Error(fmt::format("{}: {}", device_->name(), path), std::move(problem));
}

bool FatFileSystem::dirty() {
    const bool wide = layout_.kind == FileSystemKind::fat32;
    std::array<std::uint8_t, 1> mark{};
    device_->read(wide ? 0x41 : 0x25, mark);
    if ((mark[0] & 1U) != 0)
        return true;
    if (layout_.kind == FileSystemKind::fat12)
        return false;
    return (table_.get(1) & (wide ? 0x08000000U : 0x8000U)) == 0;
}

FileSystemInfo FatFileSystem::info() {
    FileSystemInfo info;
    info.kind = layout_.kind;
    info.serial = bpb_.serial;
    info.cluster_size = layout_.cluster_size;
    info.total_bytes = layout_.cluster_count * layout_.cluster_size;
    info.dirty = dirty();
    info.free_bytes = table_.count_free() * layout_.cluster_size;
    naming("\\", [&] {
        const Directory root = open_directory(0);
        for (const Entry& entry : root.entries()) {
            if ((entry.attributes & (attribute_label | attribute_directory)) != attribute_label)
                continue;
            // A label is eleven characters without a full stop.
            std::u16string label;
            for (const std::uint8_t byte : entry.stored)
                label.push_back(byte);
            label.resize(label.find_last_not_of(u' ') + 1);
            info.label = utf::name_to_utf8(label);
            return;
        }
    });
    return info;
}

Directory FatFileSystem::open_directory(std::uint32_t first_cluster) {
    return {*device_, layout_, table_, first_cluster};
}

/// The directory that names lead to, or nothing.
std::optional<Directory> FatFileSystem::walk(const std::vector<std::string>& names) {
    std::uint32_t cluster = 0;
    for (const std::string& name : names) {
        const Directory directory = open_directory(cluster);
        const Entry* entry = directory.find(utf::name_to_utf16(name));
        if (entry == nullptr || !entry->is_directory())
            return std::nullopt;
        cluster = entry->first_cluster;
    }
    return open_directory(cluster);
}

FatFileSystem::Found FatFileSystem::find(std::string_view path) {
    std::vector<std::string> names = split_path(path);
    if (names.empty())
        return {open_directory(0), std::nullopt, true};
    const std::u16string last = utf::name_to_utf16(names.back());
    names.pop_back();
    std::optional<Directory> directory = walk(names);
    if (!directory)
        return {open_directory(0), std::nullopt, false};
    const Entry* entry = directory->find(last);
    std::optional<Entry> copy = entry == nullptr ? std::nullopt : std::optional(*entry);
    return {std::move(*directory), std::move(copy), false};
}

FatFileSystem::Found FatFileSystem::require_file(std::string_view path) {
    Found found = find(path);
    if (found.root || (found.entry && found.entry->is_directory()))
        throw Error({}, "is a directory");
    if (!found.entry)
        throw Error({}, "no such file on the volume");
    return found;
}

std::optional<FileInfo> FatFileSystem::lookup(std::string_view path) {
    return naming(path, [&]() -> std::optional<FileInfo> {
        const Found found = find(path);
        if (found.root) {
            FileInfo root;
            root.attributes = attribute_directory;
            return root;
        }
        return found.entry ? std::optional(found.entry->info()) : std::nullopt;
    });
}

std::vector<FileInfo> FatFileSystem::list(std::string_view path) {
    return naming(path, [&] {
        const std::optional<Directory> directory = walk(split_path(path));
        if (!directory)
            throw Error({}, "no such directory on the volume");
        std::vector<FileInfo> files;
        for (const Entry& entry : directory->entries())
            if ((entry.attributes & attribute_label) == 0 && entry.stored[0] != '.')
                files.push_back(entry.info());
        return files;
    });
}

/// The clusters that hold the file's bytes; a chain that ends early is damage, one that goes on is let be.
std::vector<std::uint32_t> FatFileSystem::clusters_of(const Entry& entry) {
    const std::uint64_t needed =
        (std::uint64_t{entry.size} + layout_.cluster_size - 1) / layout_.cluster_size;
    if (needed == 0)
        return {};
    if (needed > layout_.cluster_count)
        throw Error({}, fmt::format("is damaged: {} bytes do not fit on the volume", entry.size));
    std::vector<std::uint32_t> clusters = table_.chain(entry.first_cluster, needed);
    if (clusters.size() < needed)
        throw Error({}, fmt::format("is damaged: {} bytes need {} clusters, its chain has {}", entry.size,
                                    needed, clusters.size()));
    return clusters;
}

std::vector<FileExtent> FatFileSystem::extents_of(const Entry& entry) {
    std::vector<FileExtent> extents;
    std::uint64_t at = 0;
    for (const std::uint32_t cluster : clusters_of(entry)) {
        const std::uint64_t offset = layout_.cluster_offset(cluster);
        const std::uint64_t length = std::min<std::uint64_t>(layout_.cluster_size, entry.size - at);
        if (!extents.empty() && extents.back().volume_offset + extents.back().length == offset)
            extents.back().length += length;
        else
            extents.push_back({at, offset, length});
        at += length;
    }
    return extents;
}

std::vector<FileExtent> FatFileSystem::file_extents(std::string_view path) {
    return naming(path, [&] { return extents_of(*require_file(path).entry); });
}

std::size_t FatFileSystem::read_at(std::string_view path, std::uint64_t offset, MutableByteView out) {
    return naming(path, [&] {
        const Found found = require_file(path);
        const std::uint64_t size = found.entry->size;
        if (offset >= size)
            return std::size_t{0};
        const auto want = static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), size - offset));
        for (const FileExtent& extent : extents_of(*found.entry)) {
            const std::uint64_t begin = std::max(extent.file_offset, offset);
            const std::uint64_t end = std::min(extent.file_offset + extent.length, offset + want);
            if (begin < end)
                device_->read(extent.volume_offset + begin - extent.file_offset,
                              out.subspan(static_cast<std::size_t>(begin - offset),
                                          static_cast<std::size_t>(end - begin)));
        }
        return want;
    });
}

Bytes FatFileSystem::read_file(std::string_view path, std::uint64_t limit) {
    return naming(path, [&] {
        const Found found = require_file(path);
        if (found.entry->size > limit)
            throw Error({}, fmt::format("is {} bytes long, more than the {} that are read at once",
                                        found.entry->size, limit));
        Bytes bytes;
        for (const FileExtent& extent : extents_of(*found.entry)) {
            bytes.resize(static_cast<std::size_t>(extent.file_offset + extent.length));
            device_->read(extent.volume_offset,
                          MutableByteView(bytes).subspan(static_cast<std::size_t>(extent.file_offset)));
        }
        return bytes;
    });
}

void FatFileSystem::used_ranges(const std::function<void(std::uint64_t, std::uint64_t)>& used) {
    // Boot sectors, FATs and root directory are one run with the clusters that follow them.
    std::uint64_t start = 0;
    bool inside = true;
    for (std::uint64_t i = 0; i < layout_.cluster_count; ++i) {
        const auto cluster = static_cast<std::uint32_t>(i + 2);
        const std::uint32_t value = table_.get(cluster);
        // Clusters marked bad hold nothing, and reading them is trouble.
        const bool taken = value != 0 && !table_.is_bad(value);
        if (taken == inside)
            continue;
        const std::uint64_t here = layout_.cluster_offset(cluster);
        if (inside)
            used(start, here - start);
        start = here;
        inside = taken;
    }
    if (inside)
        used(start, layout_.end - start);
}

/// Walks the whole tree once; each directory is entered once, however often it is named.
void FatFileSystem::build_owners() {
    constexpr std::size_t max_files = 500'000;
    std::vector<Owned> owned;
    owner_paths_.clear();
    const auto note = [&](const std::vector<std::uint32_t>& clusters, std::string path) {
        owner_paths_.push_back(std::move(path));
        const auto index = static_cast<std::uint32_t>(owner_paths_.size() - 1);
        const std::size_t mine = owned.size();
        for (const std::uint32_t cluster : clusters) {
            if (owned.size() > mine && owned.back().first + owned.back().count == cluster)
                ++owned.back().count;
            else
                owned.push_back({cluster, 1, index});
        }
    };
    std::vector<std::pair<std::uint32_t, std::string>> open{{0, ""}};
    std::set<std::uint32_t> seen{0, layout_.root_cluster};
    if (layout_.kind == FileSystemKind::fat32)
        note(table_.chain(layout_.root_cluster), "\\");
    while (!open.empty() && owner_paths_.size() < max_files) {
        const auto [cluster, path] = std::move(open.back());
        open.pop_back();
        try {
            const Directory directory = open_directory(cluster);
            for (const Entry& entry : directory.entries()) {
                if ((entry.attributes & attribute_label) != 0 || entry.stored[0] == '.' ||
                    entry.first_cluster == 0)
                    continue;
                const std::string here = path + "\\" + utf::name_to_utf8(entry.name);
                try {
                    if (!entry.is_directory()) {
                        note(clusters_of(entry), here);
                    } else if (seen.insert(entry.first_cluster).second) {
                        note(table_.chain(entry.first_cluster), here);
                        open.emplace_back(entry.first_cluster, here);
                    }
                } catch (const Error&) {
                    continue; // a damaged file owns nothing that could be relied on
                }
            }
        } catch (const Error&) {
            continue; // so does a damaged directory
        }
    }
    std::sort(owned.begin(), owned.end(), [](const Owned& a, const Owned& b) { return a.first < b.first; });
    owners_ = std::move(owned);
}

std::optional<std::string> FatFileSystem::owner_of(std::uint64_t volume_offset) {
    if (volume_offset < layout_.data_offset || volume_offset >= layout_.end)
        return std::nullopt;
    if (!owners_)
        build_owners();
    const auto cluster =
        static_cast<std::uint32_t>((volume_offset - layout_.data_offset) / layout_.cluster_size + 2);
    auto next = std::upper_bound(owners_->begin(), owners_->end(), cluster,
                                 [](std::uint32_t c, const Owned& owned) { return c < owned.first; });
    if (next == owners_->begin())
        return std::nullopt;
    const Owned& owned = *std::prev(next);
    if (cluster - owned.first >= owned.count)
        return std::nullopt;
    return owner_paths_[owned.path];
}

} // namespace ntferry::volume::fat
