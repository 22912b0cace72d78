// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/volume/ft/assemble.hpp"

#include "converter/volume/partition_device.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace ntferry::volume::ft {
namespace {

block::SharedBlockDevice find_member(const SetMember& member, const std::vector<Disk>& disks,
                                     std::vector<std::string>& notes) {
    for (const Disk& disk : disks) {
        if (disk.layout.signature != member.signature || member.signature == 0)
            continue;
        for (const Partition& partition : disk.layout.partitions) {
            if (partition.is_extended() || partition.offset() != member.start)
                continue;
            if (partition.bytes() != member.length && member.length != 0)
                notes.push_back(fmt::format("{}: partition {} has {} bytes, DISK\\Information says {}",
                                            disk.device->name(), partition.index + 1, partition.bytes(),
                                            member.length));
            return open_partition(disk.device, partition);
        }
    }
    return nullptr;
}

} // namespace

std::string_view to_string(SetType type) {
    switch (type) {
    case SetType::mirror:
        return "mirror";
    case SetType::stripe:
        return "stripe set";
    case SetType::stripe_with_parity:
        return "stripe set with parity";
    case SetType::volume_set:
        return "volume set";
    case SetType::none:
        return "none";
    case SetType::whole_disk:
        return "whole disk";
    }
    return "unknown";
}

std::string_view to_string(MemberState state) {
    switch (state) {
    case MemberState::healthy:
        return "healthy";
    case MemberState::orphaned:
        return "orphaned";
    case MemberState::regenerating:
        return "regenerating";
    case MemberState::initialising:
        return "initialising";
    case MemberState::synchronising:
        return "synchronising";
    }
    return "in an unknown state";
}

std::vector<FaultTolerantSet> find_sets(const DiskInformation& information) {
    std::map<std::pair<SetType, std::uint16_t>, FaultTolerantSet> sets;
    for (const DiskRecord& disk : information.disks) {
        for (const PartitionRecord& partition : disk.partitions) {
            if (!partition.is_member() || partition.member >= 32)
                continue;
            FaultTolerantSet& set = sets[{partition.set_type, partition.group}];
            set.type = partition.set_type;
            set.group = partition.group;
            if (partition.letter != 0 && (set.letter == 0 || partition.member == 0))
                set.letter = partition.letter;
            if (set.members.size() <= partition.member)
                set.members.resize(partition.member + 1U);
            set.members[partition.member] = {disk.signature, partition.start, partition.length,
                                             partition.state, true};
        }
    }
    std::vector<FaultTolerantSet> list;
    for (auto& [key, set] : sets)
        list.push_back(std::move(set));
    return list;
}

AssembledSet assemble(const FaultTolerantSet& set, const std::vector<Disk>& disks) {
    AssembledSet result;
    const bool redundant = set.type == SetType::mirror || set.type == SetType::stripe_with_parity;
    Members members;
    for (std::size_t i = 0; i < set.members.size(); ++i) {
        const SetMember& member = set.members[i];
        block::SharedBlockDevice device = member.known ? find_member(member, disks, result.notes) : nullptr;
        if (!device)
            result.notes.push_back(fmt::format("member {} (disk signature {:08X}, offset {}) is not there",
                                               i + 1, member.signature, member.start));
        if (device && redundant && member.state != MemberState::healthy &&
            member.state != MemberState::synchronising) {
            result.notes.push_back(
                fmt::format("member {} is not in step with the set and was left out", i + 1));
            device = nullptr;
        }
        members.push_back(std::move(device));
    }
    switch (set.type) {
    case SetType::mirror:
        result.device = make_mirror(std::move(members));
        break;
    case SetType::stripe:
        result.device = make_stripe(std::move(members));
        break;
    case SetType::stripe_with_parity: {
        const DetectedParity parity = detect_parity_layout(members);
        result.notes.push_back(parity.evidence);
        result.device = make_stripe_with_parity(std::move(members), parity.layout);
        break;
    }
    case SetType::volume_set:
        result.device = make_volume_set(std::move(members));
        break;
    default:
        throw Error("DISK\\Information",
                    fmt::format("names a set of unknown type {}", static_cast<unsigned>(set.type)));
    }
    return result;
}

} // namespace ntferry::volume::ft
