// Layout as M. Russinovich, "Inside the Disk Key" (1997), describes it: a header, the disks with their
// partitions, the fault-tolerant sets with their members. Packed to 4 bytes, little endian.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/volume/ft/disk_information.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace ntferry::volume::ft {
namespace {

constexpr std::size_t header_size = 0x30;
constexpr std::size_t disk_size = 8;
constexpr std::size_t partition_size = 52;
constexpr std::size_t set_size = 12;
constexpr std::size_t member_size = 16;
constexpr std::size_t max_disks = 256;
constexpr std::size_t max_partitions = 128;
constexpr std::size_t max_members = 32; // per set, as Disk Administrator allows

PartitionRecord read_partition(ByteView p) {
    PartitionRecord record;
    record.set_type = static_cast<SetType>(load_le<std::uint32_t>(p, 0) & 0xFFFFU);
    record.state = static_cast<MemberState>(load_le<std::uint32_t>(p, 4) & 0xFFFFU);
    record.start = load_le<std::uint64_t>(p, 8);
    record.length = load_le<std::uint64_t>(p, 16);
    record.set_length = load_le<std::uint64_t>(p, 24);
    const auto letter = static_cast<char>(p[40]);
    record.letter = letter >= 'A' && letter <= 'Z'   ? letter
                    : letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 0x20)
                                                     : '\0';
    record.assign_letter = p[41] != 0;
    record.logical_number = load_le<std::uint16_t>(p, 42);
    record.group = load_le<std::uint16_t>(p, 44);
    record.member = load_le<std::uint16_t>(p, 46);
    record.modified = p[48] != 0;
    return record;
}

void write_partition(MutableByteView p, const PartitionRecord& record) {
    store_le<std::uint32_t>(p, 0, static_cast<std::uint16_t>(record.set_type));
    store_le<std::uint32_t>(p, 4, static_cast<std::uint16_t>(record.state));
    store_le<std::uint64_t>(p, 8, record.start);
    store_le<std::uint64_t>(p, 16, record.length);
    store_le<std::uint64_t>(p, 24, record.set_length);
    p[40] = static_cast<std::uint8_t>(record.letter);
    p[41] = record.assign_letter ? 1 : 0;
    store_le<std::uint16_t>(p, 42, record.logical_number);
    store_le<std::uint16_t>(p, 44, record.group);
    store_le<std::uint16_t>(p, 46, record.member);
    p[48] = record.modified ? 1 : 0;
}

void read_disks(ByteView value, DiskInformation& out) {
    std::size_t at = load_le<std::uint32_t>(value, 12);
    const std::size_t count = load_le<std::uint16_t>(value, at);
    at += 4;
    if (count > max_disks)
        throw Error({}, fmt::format("{} disks", count));
    for (std::size_t d = 0; d < count; ++d) {
        const ByteView head = slice(value, at, disk_size);
        const std::size_t partitions = load_le<std::uint16_t>(head, 0);
        if (partitions > max_partitions)
            throw Error({}, fmt::format("{} partitions on one disk", partitions));
        out.disks.push_back({load_le<std::uint32_t>(head, 4), {}});
        at += disk_size;
        for (std::size_t p = 0; p < partitions; ++p, at += partition_size)
            out.disks.back().partitions.push_back(read_partition(slice(value, at, partition_size)));
    }
}

void read_sets(ByteView value, DiskInformation& out) {
    std::size_t at = load_le<std::uint32_t>(value, 20);
    if (at == 0 || load_le<std::uint32_t>(value, 24) == 0)
        return;
    const std::size_t count = load_le<std::uint16_t>(value, at);
    at += 4;
    if (count > max_disks)
        throw Error({}, fmt::format("{} sets", count));
    for (std::size_t s = 0; s < count; ++s) {
        const ByteView head = slice(value, at, set_size);
        const std::size_t members = load_le<std::uint16_t>(head, 0);
        if (members > max_members)
            throw Error({}, fmt::format("{} members in one set", members));
        SetRecord set;
        set.type = static_cast<SetType>(load_le<std::uint16_t>(head, 2));
        set.volume_state = load_le<std::uint32_t>(head, 8);
        at += set_size;
        for (std::size_t m = 0; m < members; ++m, at += member_size) {
            const ByteView member = slice(value, at, member_size);
            set.members.push_back({static_cast<MemberState>(load_le<std::uint16_t>(member, 0)),
                                   load_le<std::uint32_t>(member, 4), load_le<std::uint32_t>(member, 8),
                                   load_le<std::uint32_t>(member, 12)});
        }
        out.sets.push_back(std::move(set));
    }
}

PartitionRecord* find_record(DiskInformation& information, std::uint32_t signature, std::uint64_t start) {
    return const_cast<PartitionRecord*>(std::as_const(information).find(signature, start));
}

} // namespace

const PartitionRecord* DiskInformation::find(std::uint32_t signature, std::uint64_t start) const {
    for (const DiskRecord& disk : disks)
        if (disk.signature == signature)
            for (const PartitionRecord& partition : disk.partitions)
                if (partition.start == start)
                    return &partition;
    return nullptr;
}

DiskInformation parse_disk_information(ByteView value) {
    if (value.size() < header_size - 4)
        throw Error("DISK\\Information", fmt::format("has only {} bytes", value.size()));
    DiskInformation information;
    information.version = load_le<std::uint32_t>(value, 0);
    information.dirty_shutdown = value[8] != 0;
    const auto attempt = [&](const char* what, auto&& read) {
        try {
            read(value, information);
        } catch (const Error& error) {
            information.problems.push_back(fmt::format("DISK\\Information: {}: {}", what, error.what()));
        }
    };
    attempt("disks", read_disks);
    attempt("fault-tolerant sets", read_sets);
    return information;
}

Bytes serialise(const DiskInformation& information) {
    std::size_t disks = 4;
    for (const DiskRecord& disk : information.disks)
        disks += disk_size + disk.partitions.size() * partition_size;
    std::size_t sets = information.sets.empty() ? 0 : 4;
    for (const SetRecord& set : information.sets)
        sets += set_size + set.members.size() * member_size;
    Bytes value(header_size + disks + sets);
    store_le<std::uint32_t>(value, 0, information.version);
    value[8] = information.dirty_shutdown ? 1 : 0;
    store_le<std::uint32_t>(value, 12, static_cast<std::uint32_t>(header_size));
    store_le<std::uint32_t>(value, 16, static_cast<std::uint32_t>(disks));
    store_le<std::uint32_t>(value, 20, static_cast<std::uint32_t>(sets == 0 ? 0 : header_size + disks));
    store_le<std::uint32_t>(value, 24, static_cast<std::uint32_t>(sets));
    std::size_t at = header_size;
    store_le<std::uint16_t>(value, at, static_cast<std::uint16_t>(information.disks.size()));
    at += 4;
    struct Place {
        std::uint32_t signature;
        std::uint16_t logical;
        std::size_t offset;
    };
    std::vector<Place> places;
    for (const DiskRecord& disk : information.disks) {
        store_le<std::uint16_t>(value, at, static_cast<std::uint16_t>(disk.partitions.size()));
        store_le<std::uint32_t>(value, at + 4, disk.signature);
        at += disk_size;
        for (const PartitionRecord& partition : disk.partitions) {
            write_partition(MutableByteView(value).subspan(at, partition_size), partition);
            places.push_back({disk.signature, partition.logical_number, at});
            at += partition_size;
        }
    }
    if (sets == 0)
        return value;
    store_le<std::uint16_t>(value, at, static_cast<std::uint16_t>(information.sets.size()));
    at += 4;
    for (const SetRecord& set : information.sets) {
        store_le<std::uint16_t>(value, at, static_cast<std::uint16_t>(set.members.size()));
        store_le<std::uint16_t>(value, at + 2, static_cast<std::uint16_t>(set.type));
        store_le<std::uint32_t>(value, at + 8, set.volume_state);
        at += set_size;
        for (const MemberRecord& member : set.members) {
            store_le<std::uint16_t>(value, at, static_cast<std::uint16_t>(member.state));
            store_le<std::uint32_t>(value, at + 4, member.signature);
            std::uint32_t offset = member.partition_offset;
            for (const Place& place : places)
                if (place.signature == member.signature && place.logical == member.logical_number)
                    offset = static_cast<std::uint32_t>(place.offset);
            store_le<std::uint32_t>(value, at + 8, offset);
            store_le<std::uint32_t>(value, at + 12, member.logical_number);
            at += member_size;
        }
    }
    return value;
}

void pin_letter(DiskInformation& information, std::uint32_t signature, std::uint64_t start,
                std::uint64_t length, char letter) {
    PartitionRecord* record = find_record(information, signature, start);
    if (record == nullptr) {
        auto disk = std::find_if(information.disks.begin(), information.disks.end(),
                                 [&](const DiskRecord& d) { return d.signature == signature; });
        if (disk == information.disks.end())
            disk = information.disks.insert(disk, DiskRecord{signature, {}});
        auto place = std::find_if(disk->partitions.begin(), disk->partitions.end(),
                                  [&](const PartitionRecord& p) { return p.start > start; });
        PartitionRecord fresh;
        fresh.start = start;
        fresh.length = length;
        fresh.logical_number = static_cast<std::uint16_t>(disk->partitions.size() + 1);
        record = &*disk->partitions.insert(place, fresh);
    }
    record->letter = letter;
    record->assign_letter = letter != 0;
}

void remove_set(DiskInformation& information, SetType type, std::uint16_t group) {
    std::vector<std::pair<std::uint32_t, std::uint16_t>> members;
    for (DiskRecord& disk : information.disks)
        for (PartitionRecord& partition : disk.partitions)
            if (partition.set_type == type && partition.group == group) {
                members.emplace_back(disk.signature, partition.logical_number);
                partition.set_type = SetType::none;
                partition.state = MemberState::healthy;
                partition.group = 0xFFFF;
                partition.member = 0;
                partition.set_length = 0;
            }
    std::erase_if(information.sets, [&](const SetRecord& set) {
        return set.type == type && !set.members.empty() &&
               std::all_of(set.members.begin(), set.members.end(), [&](const MemberRecord& member) {
                   return std::any_of(members.begin(), members.end(), [&](const auto& known) {
                       return known.first == member.signature && known.second == member.logical_number;
                   });
               });
    });
}

} // namespace ntferry::volume::ft
