// Fault-tolerant sets: found in DISK\Information, members found on the disks at hand, put together.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/volume/ft/disk_information.hpp"
#include "converter/volume/ft/set_device.hpp"
#include "converter/volume/mbr.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace ntferry::volume::ft {

/// A disk of the server with its table; the order of a list of them is NT's (\Device\Harddisk0 first).
struct Disk {
    block::SharedBlockDevice device;
    DiskLayout layout;
};

struct SetMember {
    std::uint32_t signature = 0;
    std::uint64_t start = 0;  ///< bytes
    std::uint64_t length = 0; ///< bytes
    MemberState state = MemberState::healthy;
    bool known = false; ///< DISK\Information names it at all
};

struct FaultTolerantSet {
    SetType type = SetType::mirror;
    std::uint16_t group = 0;
    char letter = 0;
    std::vector<SetMember> members; ///< in set order
};

/// Every set that the partition records describe.
std::vector<FaultTolerantSet> find_sets(const DiskInformation& information);

std::string_view to_string(SetType type);
std::string_view to_string(MemberState state);

struct AssembledSet {
    block::SharedBlockDevice device; ///< read-only
    std::vector<std::string> notes;  ///< what was missing, stale or assumed
};

/// Finds the members by signature and start and puts the set together. Orphaned members of mirrors and parity
/// stripes are left out: their data is stale.
/// @throws Error that names the disks that are missing
AssembledSet assemble(const FaultTolerantSet& set, const std::vector<Disk>& disks);

} // namespace ntferry::volume::ft
