// Looking up, listing, reading.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/volume/ntfs/filesystem.hpp"

#include "converter/base/utf.hpp"
#include "converter/volume/ntfs/mft_record.hpp"
#include "converter/volume/path.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <map>

namespace ntferry::volume::ntfs {
namespace {

/// FILETIME: 100 ns since 1601.
std::int64_t to_unix_time(ntfs_time time) {
    const auto ticks = static_cast<std::int64_t>(sle64_to_cpu(time));
    constexpr std::int64_t epoch = 116'444'736'000'000'000;
    const std::int64_t since = ticks < std::numeric_limits<std::int64_t>::min() + epoch ? 0 : ticks - epoch;
    return since >= 0 ? since / 10'000'000 : -((-since + 9'999'999) / 10'000'000);
}

struct Listed {
    std::u16string name;
    unsigned space;
    std::uint64_t record;
};

struct Listing {
    std::vector<Listed> entries;
    bool out_of_memory = false;
};

int collect(void* target, const ntfschar* name, int length, int space, s64, MFT_REF reference, unsigned) {
    auto& listing = *static_cast<Listing*>(target);
    try {
        Listed entry;
        entry.name.assign(reinterpret_cast<const char16_t*>(name), static_cast<std::size_t>(length));
        entry.space = static_cast<unsigned>(space);
        entry.record = MREF(reference);
        if (entry.record >= FILE_first_user && entry.name != u"." && entry.name != u"..")
            listing.entries.push_back(std::move(entry));
        return 0;
    } catch (const std::bad_alloc&) {
        listing.out_of_memory = true;
        errno = ENOMEM;
        return -1;
    }
}

} // namespace

FileSystemInfo NtfsFileSystem::info() {
    mount_->begin();
    ntfs_volume* volume = mount_->volume();
    FileSystemInfo info;
    info.kind = FileSystemKind::ntfs;
    info.label = volume->vol_name == nullptr ? "" : volume->vol_name;
    info.serial = bpb_.serial;
    info.cluster_size = volume->cluster_size;
    info.total_bytes = static_cast<std::uint64_t>(volume->nr_clusters) * volume->cluster_size;
    info.version_major = volume->major_ver;
    info.version_minor = volume->minor_ver;
    info.dirty = dirty_;
    info.log_unclean = log_unclean_;
    std::uint64_t used = 0;
    used_ranges([&](std::uint64_t offset, std::uint64_t length) {
        if (offset < info.total_bytes)
            used += std::min(length, info.total_bytes - offset);
    });
    info.free_bytes = info.total_bytes - used;
    return info;
}

Inode NtfsFileSystem::open_inode(std::uint64_t record, std::string_view path, std::string_view action) {
    Inode inode(ntfs_inode_open(mount_->volume(), record));
    if (!inode)
        mount_->fail(path, action);
    return inode;
}

Attribute NtfsFileSystem::open_data(ntfs_inode* inode, std::string_view path, std::string_view action) {
    if ((inode->mrec->flags & MFT_RECORD_IS_DIRECTORY) != 0)
        throw Error(mount_->device().name() + ": " + std::string(path), "is a directory");
    Attribute data(ntfs_attr_open(inode, AT_DATA, AT_UNNAMED, 0));
    if (!data)
        mount_->fail(path, action);
    return data;
}

std::optional<std::uint64_t> NtfsFileSystem::lookup_in(ntfs_inode* directory, const std::u16string& name,
                                                       std::string_view path) {
    if (name.empty() || name.size() > 255)
        return std::nullopt;
    // Only lookups ignore case: the same switch would have listings come out in lower case.
    NVolClearCaseSensitive(mount_->volume());
    errno = 0;
    const u64 reference = ntfs_inode_lookup_by_name(directory, to_ntfs(name), static_cast<int>(name.size()));
    const int error = errno;
    NVolSetCaseSensitive(mount_->volume());
    if (reference != static_cast<u64>(-1))
        return MREF(reference);
    errno = error;
    if (error != ENOENT)
        mount_->fail(path, "look it up");
    return std::nullopt;
}

std::optional<NtfsFileSystem::Found> NtfsFileSystem::find_names(const std::vector<std::string>& names,
                                                                std::string_view path) {
    Found found{FILE_root, FILE_root, {}};
    for (const std::string& name : names) {
        const Inode directory = open_inode(found.record, path, "look it up");
        if ((directory->mrec->flags & MFT_RECORD_IS_DIRECTORY) == 0)
            return std::nullopt;
        found.name = utf::name_to_utf16(name);
        const std::optional<std::uint64_t> record = lookup_in(directory.get(), found.name, path);
        if (!record)
            return std::nullopt;
        found.parent = found.record;
        found.record = *record;
    }
    return found;
}

std::optional<NtfsFileSystem::Found> NtfsFileSystem::find(std::string_view path) {
    return find_names(split_path(path), path);
}

NtfsFileSystem::Found NtfsFileSystem::require(std::string_view path) {
    std::optional<Found> found = find(path);
    if (!found)
        throw Error(mount_->device().name() + ": " + std::string(path), "no such file on the volume");
    return std::move(*found);
}

FileInfo NtfsFileSystem::describe(ntfs_inode* inode, std::optional<FileNames> names) const {
    FileInfo file;
    if (names) {
        file.name = utf::name_to_utf8(names->name);
        file.short_name = utf::name_to_utf8(names->short_name);
    }
    file.attributes = le32_to_cpu(inode->flags) & 0x7FFFU & ~std::uint32_t{attribute_directory};
    if ((inode->mrec->flags & MFT_RECORD_IS_DIRECTORY) != 0)
        file.attributes |= attribute_directory;
    else
        file.size = static_cast<std::uint64_t>(std::max<s64>(inode->data_size, 0));
    file.modified = to_unix_time(inode->last_data_change_time);
    return file;
}

std::optional<FileInfo> NtfsFileSystem::lookup(std::string_view path) {
    mount_->begin();
    const std::optional<Found> found = find(path);
    if (!found)
        return std::nullopt;
    const Inode inode = open_inode(found->record, path, "look it up");
    if (found->name.empty())
        return describe(inode.get(), std::nullopt);
    return describe(inode.get(), names_of(inode.get(), found->parent, found->name));
}

std::vector<FileInfo> NtfsFileSystem::list(std::string_view path) {
    mount_->begin();
    const Found found = require(path);
    Listing listing;
    {
        const Inode directory = open_inode(found.record, path, "list it");
        if ((directory->mrec->flags & MFT_RECORD_IS_DIRECTORY) == 0)
            throw Error(mount_->device().name() + ": " + std::string(path), "is not a directory");
        s64 position = 0;
        if (ntfs_readdir(directory.get(), &position, &listing, collect) != 0)
            mount_->fail(path, "list it");
    }
    std::map<std::uint64_t, std::u16string> short_names;
    for (const Listed& entry : listing.entries)
        if (entry.space == FILE_NAME_DOS)
            short_names.emplace(entry.record, entry.name);
    std::vector<FileInfo> files;
    files.reserve(listing.entries.size() - short_names.size());
    for (const Listed& entry : listing.entries) {
        if (entry.space == FILE_NAME_DOS)
            continue;
        FileNames names{entry.name, {}, found.record};
        if (entry.space == FILE_NAME_WIN32)
            if (const auto it = short_names.find(entry.record); it != short_names.end())
                names.short_name = it->second;
        mount_->refill();
        // A record that cannot be opened keeps its name in the list: the directory itself is whole.
        const Inode inode(ntfs_inode_open(mount_->volume(), entry.record));
        if (inode) {
            files.push_back(describe(inode.get(), names));
        } else {
            FileInfo file;
            file.name = utf::name_to_utf8(names.name);
            file.short_name = utf::name_to_utf8(names.short_name);
            files.push_back(std::move(file));
        }
    }
    return files;
}

std::size_t NtfsFileSystem::read_at(std::string_view path, std::uint64_t offset, MutableByteView out) {
    mount_->begin();
    const Inode inode = open_inode(require(path).record, path, "read it");
    const Attribute data = open_data(inode.get(), path, "read it");
    const auto size = static_cast<std::uint64_t>(std::max<s64>(data->data_size, 0));
    if (offset >= size)
        return 0;
    const std::size_t want = static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), size - offset));
    std::size_t done = 0;
    while (done < want) {
        mount_->refill();
        const s64 part = static_cast<s64>(std::min<std::size_t>(want - done, std::size_t{4} << 20U));
        const s64 got = ntfs_attr_pread(data.get(), static_cast<s64>(offset + done), part, out.data() + done);
        if (got <= 0)
            mount_->fail(path, "read it");
        done += static_cast<std::size_t>(got);
    }
    return done;
}

Bytes NtfsFileSystem::read_file(std::string_view path, std::uint64_t limit) {
    const std::optional<FileInfo> file = lookup(path);
    if (!file)
        require(path);
    else if (file->size > limit)
        throw Error(
            mount_->device().name() + ": " + std::string(path),
            fmt::format("is {} bytes long, more than the {} that are read at once", file->size, limit));
    Bytes bytes(static_cast<std::size_t>(file->size));
    bytes.resize(read_at(path, 0, bytes));
    return bytes;
}

std::vector<FileExtent> NtfsFileSystem::file_extents(std::string_view path) {
    mount_->begin();
    const Inode inode = open_inode(require(path).record, path, "find its place");
    const Attribute data = open_data(inode.get(), path, "find its place");
    std::vector<FileExtent> extents;
    if (!NAttrNonResident(data.get()))
        return extents;
    if (ntfs_attr_map_whole_runlist(data.get()) != 0)
        mount_->fail(path, "find its place");
    const auto size = static_cast<std::uint64_t>(std::max<s64>(data->data_size, 0));
    const std::uint64_t cluster = mount_->volume()->cluster_size;
    for (const runlist_element* run = data->rl; run != nullptr && run->length > 0; ++run) {
        if (run->lcn < 0 || run->vcn < 0)
            continue;
        const std::uint64_t file_offset = static_cast<std::uint64_t>(run->vcn) * cluster;
        if (file_offset >= size)
            break;
        extents.push_back({file_offset, static_cast<std::uint64_t>(run->lcn) * cluster,
                           std::min(static_cast<std::uint64_t>(run->length) * cluster, size - file_offset)});
    }
    return extents;
}

void NtfsFileSystem::used_ranges(const std::function<void(std::uint64_t, std::uint64_t)>& used) {
    mount_->begin();
    ntfs_volume* volume = mount_->volume();
    const auto clusters = static_cast<std::uint64_t>(volume->nr_clusters);
    const std::uint64_t cluster = volume->cluster_size;
    Bytes buffer(std::size_t{64} << 10U);
    std::uint64_t start = 0;
    bool inside = false;
    const auto edge = [&](std::uint64_t at, bool set) {
        if (set == inside)
            return;
        if (inside)
            used(start * cluster, (at - start) * cluster);
        start = at;
        inside = set;
    };
    for (std::uint64_t base = 0; base < clusters; base += buffer.size() * 8U) {
        const std::uint64_t bits = std::min<std::uint64_t>(buffer.size() * 8U, clusters - base);
        const std::size_t bytes = static_cast<std::size_t>((bits + 7U) / 8U);
        std::fill(buffer.begin(), buffer.end(), std::uint8_t{0});
        mount_->refill();
        if (ntfs_attr_pread(volume->lcnbmp_na, static_cast<s64>(base / 8U), static_cast<s64>(bytes),
                            buffer.data()) != static_cast<s64>(bytes))
            mount_->fail("$Bitmap", "read it");
        for (std::uint64_t bit = 0; bit < bits;) {
            // Whole words of one kind are passed over at once.
            const std::uint64_t word =
                load_le<std::uint64_t>(buffer, static_cast<std::size_t>(bit / 64U * 8U));
            const std::uint64_t rest = (inside ? ~word : word) >> (bit % 64U);
            const std::uint64_t step =
                rest == 0 ? 64U - bit % 64U : static_cast<std::uint64_t>(std::countr_zero(rest));
            bit += step;
            if (rest != 0 && bit < bits)
                edge(base + bit, !inside);
        }
    }
    // What follows the last cluster holds the copy of the boot sector.
    const std::uint64_t end = clusters * cluster;
    const std::uint64_t size = mount_->device().size();
    if (inside && size > end)
        used(start * cluster, size - start * cluster);
    else if (inside)
        edge(clusters, false);
    else if (size > end)
        used(end, size - end);
}

std::optional<std::string> NtfsFileSystem::owner_of(std::uint64_t volume_offset) {
    mount_->begin();
    if (!owners_)
        owners_.emplace(*mount_, bpb_);
    const std::optional<std::uint64_t> record =
        owners_->owner(volume_offset / mount_->volume()->cluster_size);
    return record ? path_of(*record) : std::nullopt;
}

std::optional<std::string> NtfsFileSystem::path_of(std::uint64_t record) {
    if (record == FILE_root)
        return "\\";
    std::string path;
    for (unsigned depth = 0; depth < 256; ++depth) {
        mount_->refill();
        const Inode inode(ntfs_inode_open(mount_->volume(), record));
        if (!inode)
            return std::nullopt;
        const std::optional<FileNames> names = names_of(inode.get(), std::nullopt);
        if (!names)
            return std::nullopt;
        path.insert(0, "\\" + utf::name_to_utf8(names->name));
        if (names->parent == FILE_root)
            return path;
        record = names->parent;
    }
    return std::nullopt; // directories that contain each other
}

std::optional<RecordAt> NtfsFileSystem::record_at(std::uint64_t volume_offset) {
    mount_->begin();
    ntfs_volume* volume = mount_->volume();
    const std::uint32_t cluster_size = volume->cluster_size;
    const auto cluster = static_cast<s64>(volume_offset / cluster_size);
    std::optional<std::uint64_t> byte; // of $MFT
    for (const runlist_element* run = volume->mft_na->rl; run != nullptr && run->length > 0; ++run)
        if (run->lcn >= 0 && cluster >= run->lcn && cluster - run->lcn < run->length)
            byte = static_cast<std::uint64_t>(run->vcn + cluster - run->lcn) * cluster_size +
                   volume_offset % cluster_size;
    const std::uint32_t size = volume->mft_record_size;
    if (!byte || *byte / size >= static_cast<std::uint64_t>(volume->mft_na->initialized_size) / size)
        return std::nullopt;
    RecordAt found;
    found.number = *byte / size;
    Bytes bytes(size);
    if (ntfs_attr_pread(volume->mft_na, static_cast<s64>(found.number * size), size, bytes.data()) !=
            static_cast<s64>(size) ||
        !apply_fixups(bytes))
        return found;
    const std::optional<MftRecord> record = parse_mft_record(bytes, bpb_.cluster_count);
    if (!record || !record->in_use)
        return found;
    found.in_use = true;
    if (record->base_record != 0)
        found.number = record->base_record;
    found.path = path_of(found.number).value_or("");
    return found;
}

std::optional<RecordAt> record_at(FileSystem& volume, std::uint64_t volume_offset) {
    auto* ntfs = dynamic_cast<NtfsFileSystem*>(&volume);
    return ntfs != nullptr ? ntfs->record_at(volume_offset) : std::nullopt;
}

} // namespace ntferry::volume::ntfs
