// What the machine starts from: files of the system partition, boot.ini and where its entries lead.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/nt/boot_ini.hpp"
#include "converter/nt/file_access.hpp"

#include <optional>
#include <string>
#include <vector>

namespace ntferry::nt {

/// Where an ARC path leads on these disks.
struct ArcTarget {
    std::optional<std::size_t> volume; ///< index into DiskSet::volumes()
    std::string problem;               ///< why it leads nowhere
    bool guessed = false; ///< scsi(): taken for the disk of that order, for the adapter is not in the image
};

ArcTarget resolve_arc(const DiskSet& disks, const ArcPath& arc);

struct BootChoice {
    BootEntry entry;
    ArcTarget target;
    bool system_there = false; ///< the directory holds an installation
};

/// Partition that the machine boots: the active one of disk 0, with NTLDR and boot.ini.
struct BootFacts {
    std::optional<std::size_t> volume; ///< Microsoft's "system partition"
    FileFacts ntldr;
    FileFacts ntdetect;
    FileFacts ntbootdd;
    bool bootsect_dos = false;
    bool boot_ini_present = false;
    BootIni boot_ini;
    std::vector<BootChoice> choices;
    std::string ntldr_version;     ///< "OS Loader V4.00", text found inside NTLDR
    std::int64_t ntldr_linked = 0; ///< seconds since 1970, link time of the loader inside; 0: unknown
    std::vector<std::string> problems;
};

BootFacts read_boot_files(DiskSet& disks);

} // namespace ntferry::nt
