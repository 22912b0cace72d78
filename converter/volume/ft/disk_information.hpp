// HKLM\SYSTEM\DISK, value Information: what Disk Administrator knows about disks, letters and fault-tolerant
// sets. SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/base/bytes.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace ntferry::volume::ft {

enum class SetType : std::uint16_t {
    mirror = 0,
    stripe = 1,
    stripe_with_parity = 2,
    volume_set = 3,
    none = 4,       ///< not a member
    whole_disk = 5, ///< not used by NT 4.0
};

enum class MemberState : std::uint16_t {
    healthy = 0,
    orphaned = 1, ///< failed or removed: its data is stale
    regenerating = 2,
    initialising = 3,
    synchronising = 4,
};

/// A partition as it was when the value was written. Offsets and lengths in bytes.
struct PartitionRecord {
    SetType set_type = SetType::none;
    MemberState state = MemberState::healthy;
    std::uint64_t start = 0;
    std::uint64_t length = 0;
    std::uint64_t set_length = 0; ///< FtLength
    char letter = 0;              ///< 'C' to 'Z'; 0: none
    bool assign_letter = true;    ///< false: the administrator wants no letter
    std::uint16_t logical_number = 0;
    std::uint16_t group = 0xFFFF; ///< number of the set among those of its type; 0xFFFF: none
    std::uint16_t member = 0;     ///< position in the set, from 0
    bool modified = false;
    bool is_member() const { return set_type <= SetType::volume_set && group != 0xFFFF; }
};

struct DiskRecord {
    std::uint32_t signature = 0; ///< at 0x1B8 of the MBR
    std::vector<PartitionRecord> partitions;
};

struct MemberRecord {
    MemberState state = MemberState::healthy;
    std::uint32_t signature = 0;
    std::uint32_t partition_offset = 0; ///< of the partition's record in the value; made anew when written
    std::uint32_t logical_number = 0;
};

struct SetRecord {
    SetType type = SetType::mirror;
    std::uint32_t volume_state =
        0; ///< 0 healthy, 1 has an orphan, 2 disabled, 3 regenerating, 4 initialising
    std::vector<MemberRecord> members;
};

struct DiskInformation {
    std::uint32_t version = 3;
    bool dirty_shutdown = false;
    std::vector<DiskRecord> disks;
    std::vector<SetRecord> sets;
    std::vector<std::string> problems; ///< records that could not be read; the rest is valid

    const PartitionRecord* find(std::uint32_t signature, std::uint64_t start) const;
};

/// Parses the value. Tolerant: what lies outside is left out and told in problems.
/// @throws Error when not even the header is there
DiskInformation parse_disk_information(ByteView value);

/// The value as Disk Administrator lays it out. Checksum 0: FTDISK does not look at it.
Bytes serialise(const DiskInformation& information);

/// Fixes the letter of a partition; the disk and the partition are added when they are not known yet.
/// @param letter 'C' to 'Z', 0 for none ever
void pin_letter(DiskInformation& information, std::uint32_t signature, std::uint64_t start,
                std::uint64_t length, char letter);

/// Makes plain partitions of the members of a set (a broken mirror: set the partition types back as well).
void remove_set(DiskInformation& information, SetType type, std::uint16_t group);

} // namespace ntferry::volume::ft
