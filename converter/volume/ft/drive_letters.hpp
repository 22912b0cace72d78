// Drive letters as NT 4.0 gives them at boot.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/volume/ft/assemble.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace ntferry::volume::ft {

struct DriveLetter {
    enum class Kind : std::uint8_t { partition, set, cdrom };
    char letter = 0;
    Kind kind = Kind::partition;
    std::size_t disk = 0;   ///< index into the disks; for a set, of its first member that is there
    unsigned partition = 0; ///< Partition::index
    std::size_t set = 0;    ///< index into find_sets() for a set
    std::size_t cdrom = 0;  ///< N of \device\CdRomN
    bool from_registry = false;
    std::string reason; ///< one line
};

struct LetterInput {
    std::vector<Disk> disks; ///< in NT's order: the order of the adapters' drivers, then SCSI id
    std::optional<DiskInformation> information;
    std::size_t cdroms = 0;
    /// Values of HKLM\SYSTEM\DISK such as "\device\CdRom0" = "G:", names as stored.
    std::map<std::string, std::string> device_letters;
};

/// First what DISK\Information says for a partition with this signature and start; then, from C: on and in
/// disk order: the active primary of each disk (the first one where none is active), every logical drive, the
/// primaries that are left; CD-ROMs last. Partitions that NT 4.0 does not know and members of sets get none
/// of their own.
std::vector<DriveLetter> derive_letters(const LetterInput& input);

} // namespace ntferry::volume::ft
