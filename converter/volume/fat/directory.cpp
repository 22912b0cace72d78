// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/volume/fat/directory.hpp"

#include "converter/base/utf.hpp"
#include "converter/volume/short_name.hpp"
#include "converter/volume/unicode_case.hpp"

#include <algorithm>

namespace ntferry::volume::fat {
namespace {

constexpr std::size_t max_bytes = 65536 * slot_size;

/// The name needs no long entry: 8.3 and in upper case.
bool plain_short_name(std::u16string_view name) {
    return fits_short_name(name) &&
           std::none_of(name.begin(), name.end(), [](char16_t c) { return c >= u'a' && c <= u'z'; });
}

} // namespace

Directory::Directory(block::BlockDevice& device, const Layout& layout, Table& table,
                     std::uint32_t first_cluster)
    : device_(device), layout_(layout), table_(table), first_cluster_(first_cluster) {
    if (layout.kind == FileSystemKind::fat32 && first_cluster == layout.root_cluster)
        first_cluster_ = 0;
    load();
}

void Directory::load() {
    const bool fixed_root = first_cluster_ == 0 && layout_.kind != FileSystemKind::fat32;
    if (fixed_root) {
        bytes_.resize(std::size_t{layout_.root_entries} * slot_size);
        device_.read(layout_.root_offset, bytes_);
    } else {
        const std::uint64_t limit = max_bytes / std::min<std::size_t>(layout_.cluster_size, max_bytes) + 1;
        clusters_ = table_.chain(first_cluster_ == 0 ? layout_.root_cluster : first_cluster_, limit);
        if (clusters_.size() * std::uint64_t{layout_.cluster_size} > max_bytes)
            throw Error({}, "a directory has more than 65536 entries or its cluster chain leads in a circle");
        bytes_.resize(clusters_.size() * layout_.cluster_size);
        for (std::size_t i = 0; i < clusters_.size(); ++i)
            device_.read(layout_.cluster_offset(clusters_[i]),
                         MutableByteView(bytes_).subspan(i * layout_.cluster_size, layout_.cluster_size));
    }
    entries_ = parse_entries(bytes_, layout_.kind == FileSystemKind::fat32);
}

std::uint64_t Directory::offset_of(std::size_t slot) const {
    const std::size_t at = slot * slot_size;
    if (clusters_.empty())
        return layout_.root_offset + at;
    return layout_.cluster_offset(clusters_[at / layout_.cluster_size]) + at % layout_.cluster_size;
}

void Directory::write_slots(std::size_t first, std::size_t count) {
    for (std::size_t i = first; i < first + count; ++i)
        device_.write(offset_of(i), ByteView(bytes_).subspan(i * slot_size, slot_size));
}

const Entry* Directory::find(std::u16string_view name) const {
    for (const Entry& entry : entries_) {
        if ((entry.attributes & attribute_label) != 0)
            continue;
        if (equal_ignoring_case(entry.name, name) ||
            equal_ignoring_case(utf::name_to_utf16(entry.short_name), name))
            return &entry;
    }
    return nullptr;
}

void Directory::grow() {
    if (clusters_.empty())
        throw Error({}, "the root directory is full", "delete files in it or use a directory");
    if (bytes_.size() + layout_.cluster_size > max_bytes)
        throw Error({}, "the directory is full");
    const std::uint32_t cluster = table_.allocate(1, clusters_.back()).front();
    const Bytes zeros(layout_.cluster_size);
    device_.write(layout_.cluster_offset(cluster), zeros);
    clusters_.push_back(cluster);
    bytes_.insert(bytes_.end(), zeros.begin(), zeros.end());
}

/// First of a run of free slots.
std::size_t Directory::find_room(std::size_t slots) {
    std::size_t run = 0;
    bool past_end = false;
    for (std::size_t i = 0;; ++i) {
        if (i == bytes_.size() / slot_size)
            grow();
        const std::uint8_t first = bytes_[i * slot_size];
        past_end = past_end || first == slot_end;
        run = past_end || first == slot_deleted ? run + 1 : 0;
        if (run == slots) {
            // What follows the old end mark may be rubbish: keep a mark behind the new entry.
            const std::size_t next = i + 1;
            if (past_end && next < bytes_.size() / slot_size && bytes_[next * slot_size] != slot_end) {
                std::fill_n(bytes_.begin() + static_cast<std::ptrdiff_t>(next * slot_size), slot_size,
                            std::uint8_t{0});
                write_slots(next, 1);
            }
            return i + 1 - slots;
        }
    }
}

Entry Directory::add(std::u16string_view name, ByteView fields) {
    const bool plain = plain_short_name(name);
    std::string short_name;
    if (fits_short_name(name))
        for (const char16_t c : name)
            short_name.push_back(static_cast<char>(to_upper(c)));
    else
        short_name = make_short_name(name, [&](const std::string& candidate) {
            return find(utf::name_to_utf16(candidate)) != nullptr;
        });
    const ShortName stored = store_short_name(short_name);
    Bytes slots;
    if (!plain)
        slots = long_name_slots(name, stored);
    slots.insert(slots.end(), stored.begin(), stored.end());
    slots.insert(slots.end(), fields.begin(), fields.end());
    slots.resize((slots.size() + slot_size - 1) / slot_size * slot_size);
    const std::size_t count = slots.size() / slot_size;
    const std::size_t first = find_room(count);
    std::copy(slots.begin(), slots.end(), bytes_.begin() + static_cast<std::ptrdiff_t>(first * slot_size));
    write_slots(first, count);
    entries_ = parse_entries(bytes_, layout_.kind == FileSystemKind::fat32);
    for (const Entry& entry : entries_)
        if (entry.slot == first + count - 1)
            return entry;
    throw Error({}, "the directory is damaged: a new entry does not appear in it");
}

void Directory::remove(const Entry& entry) {
    for (std::size_t i = entry.first_slot; i <= entry.slot; ++i)
        bytes_[i * slot_size] = slot_deleted;
    write_slots(entry.first_slot, entry.slot - entry.first_slot + 1);
    entries_ = parse_entries(bytes_, layout_.kind == FileSystemKind::fat32);
}

Bytes Directory::slot(const Entry& entry) const {
    const ByteView bytes = ByteView(bytes_).subspan(entry.slot * slot_size, slot_size);
    return {bytes.begin(), bytes.end()};
}

void Directory::put_slot(const Entry& entry, ByteView bytes) {
    std::copy_n(bytes.begin(), slot_size,
                bytes_.begin() + static_cast<std::ptrdiff_t>(entry.slot * slot_size));
    write_slots(entry.slot, 1);
    entries_ = parse_entries(bytes_, layout_.kind == FileSystemKind::fat32);
}

} // namespace ntferry::volume::fat
