// Everything that changes a FAT volume.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/volume/fat/filesystem.hpp"

#include "converter/base/utf.hpp"
#include "converter/volume/fat/operation.hpp"
#include "converter/volume/path.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>

namespace ntferry::volume::fat {
namespace {

constexpr std::uint32_t settable =
    attribute_read_only | attribute_hidden | attribute_system | attribute_archive;

void set_modified(MutableByteView slot) {
    const DosTime now = to_dos_time(std::time(nullptr));
    store_le(slot, 18, now.date);
    store_le(slot, 22, now.time);
    store_le(slot, 24, now.date);
}

} // namespace

void FatFileSystem::require_writable(std::string_view path) const {
    if (!writable_)
        fail(path, "the volume is open read-only");
}

void FatFileSystem::set_first_cluster(MutableByteView slot, std::uint32_t cluster) const {
    store_le(slot, 26, static_cast<std::uint16_t>(cluster & 0xFFFFU));
    // On FAT12 and FAT16 this word is OS/2's extended attribute handle: not ours.
    if (layout_.kind == FileSystemKind::fat32)
        store_le(slot, 20, static_cast<std::uint16_t>(cluster >> 16U));
}

/// Bytes 11 to 31 of a new entry.
Bytes FatFileSystem::new_fields(std::uint32_t attributes) const {
    Bytes slot(slot_size);
    const DosTime now = to_dos_time(std::time(nullptr));
    slot[11] = static_cast<std::uint8_t>(attributes);
    store_le(slot, 14, now.time);
    store_le(slot, 16, now.date);
    set_modified(slot);
    return {slot.begin() + 11, slot.end()};
}

/// The table goes out, then FSInfo with the new count of free clusters and no hint where they are.
void FatFileSystem::commit() {
    table_.flush();
    owners_.reset();
    if (bpb_.fsinfo_sector == 0)
        return;
    const std::uint64_t offset = std::uint64_t{bpb_.fsinfo_sector} * bpb_.bytes_per_sector;
    Bytes sector(512);
    device_->read(offset, sector);
    if (load_le<std::uint32_t>(sector, 0) != 0x41615252 || load_le<std::uint32_t>(sector, 484) != 0x61417272)
        return;
    store_le<std::uint32_t>(sector, 488, static_cast<std::uint32_t>(table_.count_free()));
    store_le<std::uint32_t>(sector, 492, 0xFFFFFFFFU);
    device_->write(offset, sector);
}

void FatFileSystem::write_file(std::string_view path, ByteView content) {
    require_writable(path);
    naming(path, [&] {
        if (content.size() > 0xFFFFFFFFU)
            throw Error({}, "would be larger than FAT allows (4 GiB)");
        const auto [parents, last] = split_parent(path);
        std::optional<Directory> directory = walk(parents);
        if (!directory)
            throw Error({}, "its directory does not exist");
        const std::u16string name = utf::name_to_utf16(last);
        const Entry* existing = directory->find(name);
        if (existing == nullptr)
            check_new_name(last);
        else if (existing->is_directory())
            throw Error({}, "is a directory");

        // The clusters it has are kept, so that NTLDR stays where it is; more are added, spare ones given
        // back.
        std::vector<std::uint32_t> clusters;
        if (existing != nullptr && existing->first_cluster != 0)
            clusters = table_.chain(existing->first_cluster);
        const std::size_t needed = (content.size() + layout_.cluster_size - 1) / layout_.cluster_size;
        if (clusters.size() < needed) {
            const std::vector<std::uint32_t> more =
                table_.allocate(needed - clusters.size(), clusters.empty() ? 0 : clusters.back());
            clusters.insert(clusters.end(), more.begin(), more.end());
        } else if (clusters.size() > needed) {
            table_.release({clusters.begin() + static_cast<std::ptrdiff_t>(needed), clusters.end()});
            clusters.resize(needed);
            if (needed != 0)
                table_.set(clusters.back(), table_.end_mark());
        }
        for (std::size_t i = 0; i < clusters.size(); ++i) {
            const std::size_t at = i * layout_.cluster_size;
            device_->write(
                layout_.cluster_offset(clusters[i]),
                content.subspan(at, std::min<std::size_t>(layout_.cluster_size, content.size() - at)));
        }
        const Entry entry =
            existing != nullptr ? *existing : directory->add(name, new_fields(attribute_archive));
        Bytes slot = directory->slot(entry);
        set_first_cluster(slot, clusters.empty() ? 0 : clusters.front());
        store_le<std::uint32_t>(slot, 28, static_cast<std::uint32_t>(content.size()));
        set_modified(slot);
        directory->put_slot(entry, slot);
        commit();
    });
}

void FatFileSystem::write_at(std::string_view path, std::uint64_t offset, ByteView content) {
    require_writable(path);
    naming(path, [&] {
        Found found = require_file(path);
        const std::uint64_t size = found.entry->size;
        if (offset > size || content.size() > size - offset)
            throw Error({}, fmt::format("{} bytes at {} lie outside the file of {} bytes", content.size(),
                                        offset, size));
        for (const FileExtent& extent : extents_of(*found.entry)) {
            const std::uint64_t begin = std::max(extent.file_offset, offset);
            const std::uint64_t end = std::min(extent.file_offset + extent.length, offset + content.size());
            if (begin < end)
                device_->write(extent.volume_offset + begin - extent.file_offset,
                               content.subspan(static_cast<std::size_t>(begin - offset),
                                               static_cast<std::size_t>(end - begin)));
        }
        Bytes slot = found.directory.slot(*found.entry);
        set_modified(slot);
        found.directory.put_slot(*found.entry, slot);
    });
}

void FatFileSystem::rename(std::string_view from, std::string_view to) {
    require_writable(from);
    naming(from, [&] {
        Found source = find(from);
        if (!source.entry)
            throw Error({}, source.root ? "is the root directory" : "no such file on the volume");
        const auto [parents, last] = split_parent(to);
        check_new_name(last);
        const std::u16string name = utf::name_to_utf16(last);
        if (source.entry->is_directory()) {
            // A directory must not move into itself.
            std::vector<std::string> above = parents;
            for (; !above.empty(); above.pop_back()) {
                const std::optional<Directory> directory = walk(above);
                if (directory && directory->first_cluster() == source.entry->first_cluster)
                    throw Error({}, fmt::format("cannot be moved into itself ({})", to));
            }
        }
        std::optional<Directory> target = walk(parents);
        if (!target)
            throw Error({}, fmt::format("the directory of {} does not exist", to));
        const bool same = target->first_cluster() == source.directory.first_cluster();
        const Entry* existing = target->find(name);
        if (existing != nullptr && !(same && existing->slot == source.entry->slot))
            throw Error({}, fmt::format("{} exists already", to));
        const Bytes slot = source.directory.slot(*source.entry);
        Bytes fields(slot.begin() + 11, slot.end());
        fields[1] = 0; // NT's case bits belong to the old name
        source.directory.remove(*source.entry);
        if (same)
            source.directory.add(name, fields);
        else
            target->add(name, fields);
        if (source.entry->is_directory() && !same) {
            Directory moved = open_directory(source.entry->first_cluster);
            for (const Entry& entry : moved.entries()) {
                if (entry.stored[0] == '.' && entry.stored[1] == '.') {
                    Bytes parent = moved.slot(entry);
                    set_first_cluster(parent, target->first_cluster());
                    moved.put_slot(entry, parent);
                    break;
                }
            }
        }
        commit();
    });
}

void FatFileSystem::remove(std::string_view path) {
    require_writable(path);
    naming(path, [&] {
        Found found = find(path);
        if (!found.entry)
            throw Error({}, found.root ? "is the root directory" : "no such file on the volume");
        if (found.entry->is_directory()) {
            const Directory inside = open_directory(found.entry->first_cluster);
            for (const Entry& entry : inside.entries())
                if (entry.stored[0] != '.' && (entry.attributes & attribute_label) == 0)
                    throw Error({}, "the directory is not empty");
        }
        const std::vector<std::uint32_t> clusters = found.entry->first_cluster == 0
                                                        ? std::vector<std::uint32_t>{}
                                                        : table_.chain(found.entry->first_cluster);
        found.directory.remove(*found.entry);
        table_.release(clusters);
        commit();
    });
}

void FatFileSystem::make_directory(std::string_view path) {
    require_writable(path);
    naming(path, [&] {
        const auto [parents, last] = split_parent(path);
        check_new_name(last);
        const std::u16string name = utf::name_to_utf16(last);
        std::optional<Directory> parent = walk(parents);
        if (!parent)
            throw Error({}, "its directory does not exist");
        if (parent->find(name) != nullptr)
            throw Error({}, "exists already");
        const std::uint32_t cluster = table_.allocate(1, 0).front();
        const Bytes fields = new_fields(attribute_directory);
        Bytes content(layout_.cluster_size);
        const auto put_dots = [&](std::size_t at, std::size_t dots, std::uint32_t target) {
            const MutableByteView slot(content.data() + at, slot_size);
            std::fill_n(slot.begin(), 11, std::uint8_t{' '});
            std::fill_n(slot.begin(), dots, std::uint8_t{'.'});
            std::copy(fields.begin(), fields.end(), slot.begin() + 11);
            set_first_cluster(slot, target);
        };
        put_dots(0, 1, cluster);
        put_dots(slot_size, 2, parent->first_cluster());
        device_->write(layout_.cluster_offset(cluster), content);
        const Entry entry = parent->add(name, fields);
        Bytes slot = parent->slot(entry);
        set_first_cluster(slot, cluster);
        parent->put_slot(entry, slot);
        commit();
    });
}

void FatFileSystem::set_attributes(std::string_view path, std::uint32_t attributes) {
    require_writable(path);
    naming(path, [&] {
        Found found = find(path);
        if (!found.entry)
            throw Error({}, found.root ? "is the root directory" : "no such file on the volume");
        Bytes slot = found.directory.slot(*found.entry);
        slot[11] = static_cast<std::uint8_t>((slot[11] & ~settable) | (attributes & settable));
        found.directory.put_slot(*found.entry, slot);
    });
}

void FatFileSystem::sync() {
    if (writable_)
        table_.flush();
}

} // namespace ntferry::volume::fat
