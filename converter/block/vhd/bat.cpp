// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/block/vhd/bat.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ntferry::block::vhd {
namespace {
constexpr std::uint32_t entries_per_sector = sector_size / 4;
}

Bat::Bat(std::uint64_t table_offset, std::uint32_t entries)
    : table_offset_(table_offset), entries_(entries, unused) {}

Bat Bat::read(const File& file, std::uint64_t table_offset, std::uint32_t entries) {
    if (entries > most_entries)
        throw Error(file.name(), fmt::format("block allocation table of {} entries is too large", entries));
    const std::uint64_t bytes = std::uint64_t{entries} * 4;
    if (checked_add(table_offset, bytes) > file.size())
        throw Error(file.name(),
                    fmt::format("block allocation table of {} entries at offset {} lies outside the file",
                                entries, table_offset));
    Bat bat(table_offset, entries);
    Bytes buffer(std::min<std::uint64_t>(bytes, 1U << 20U));
    for (std::uint64_t done = 0; done < bytes; done += buffer.size()) {
        buffer.resize(std::min<std::uint64_t>(buffer.size(), bytes - done));
        file.read(table_offset + done, buffer);
        for (std::size_t i = 0; i < buffer.size(); i += 4)
            bat.entries_[(done + i) / 4] = load_be<std::uint32_t>(buffer, i);
    }
    return bat;
}

std::uint64_t Bat::stored_bytes(std::uint32_t entries) {
    return (std::uint64_t{entries} + entries_per_sector - 1) / entries_per_sector * sector_size;
}

void Bat::set(std::uint32_t block, std::uint32_t sector) {
    entries_[block] = sector;
    dirty_sectors_.insert(block / entries_per_sector);
}

void Bat::write_sectors(File& file, std::uint32_t first, std::uint32_t count) const {
    Bytes bytes(std::size_t{count} * sector_size, 0xFF);
    const std::size_t begin = std::size_t{first} * entries_per_sector;
    const std::size_t end = std::min(entries_.size(), begin + std::size_t{count} * entries_per_sector);
    for (std::size_t i = begin; i < end; ++i)
        store_be<std::uint32_t>(bytes, (i - begin) * 4, entries_[i]);
    // A foreign table may end inside a sector and be followed at once by something else.
    const std::size_t stored =
        first + count == stored_bytes(size()) / sector_size ? (end - begin) * 4 : bytes.size();
    file.write(table_offset_ + std::uint64_t{first} * sector_size, ByteView(bytes).first(stored));
}

void Bat::write_changes(File& file) {
    for (auto at = dirty_sectors_.begin(); at != dirty_sectors_.end();) {
        const std::uint32_t first = *at;
        std::uint32_t count = 0;
        while (at != dirty_sectors_.end() && *at == first + count) {
            ++at;
            ++count;
        }
        write_sectors(file, first, count);
    }
    dirty_sectors_.clear();
}

void Bat::write_all(File& file) {
    const auto sectors = static_cast<std::uint32_t>(stored_bytes(size()) / sector_size);
    for (std::uint32_t first = 0; first < sectors; first += 2048)
        write_sectors(file, first, std::min<std::uint32_t>(2048, sectors - first));
    const std::uint64_t written = std::uint64_t{size()} * 4;
    const Bytes padding(stored_bytes(size()) - written, 0xFF);
    file.write(table_offset_ + written, padding);
    dirty_sectors_.clear();
}

} // namespace ntferry::block::vhd
