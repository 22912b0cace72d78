// Which files that NTLDR loads lie where INT 13h without extensions does not reach.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/nt/file_access.hpp"

#include <string>
#include <vector>

namespace ntferry::nt {

/// Sectors that INT 13h reaches with a disk's geometry: 1024 cylinders (KB Q224526).
std::uint64_t int13_sectors(const volume::Geometry& geometry);

/// Those of the places whose content lies beyond, as "C:\WINNT\system32\hal.dll at sector 17000000".
std::vector<std::string> beyond_reach(DiskSet& disks, const std::vector<FilePlace>& places);

} // namespace ntferry::nt
