// Whose MFT record lies at a place of an NTFS volume: finer than FileSystem::owner_of(), which says "\$MFT".
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/volume/filesystem.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace ntferry::volume::ntfs {

struct RecordAt {
    std::uint64_t number = 0; ///< of the base record
    bool in_use = false;
    std::string path; ///< as owner_of() writes it; empty where the record has no name or is not in use
};

/// Nothing when the volume is not NTFS or the place does not lie in the records of $MFT.
/// @param volume_offset bytes from the start of the volume
std::optional<RecordAt> record_at(FileSystem& volume, std::uint64_t volume_offset);

} // namespace ntferry::volume::ntfs
