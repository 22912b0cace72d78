// Driver cache: the files of media that migrations need, unpacked, kept for a whole fleet.
//
// DIR/index.xml names each file with its SHA-256, its medium's service pack and edition; DIR/files/SHA256
// holds it. SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/base/progress.hpp"
#include "converter/patch/drivers/medium.hpp"

#include <string>

namespace ntferry::patch {

/// Adds every driver, HAL, kernel and loader file of a medium that the cache lacks. Returns how many were
/// added. Damaged files are told and left out. Safe against interruption: a file is named in the index once
/// it is whole.
std::size_t fill_cache(const std::string& folder, const Medium& medium, Progress& progress);

/// The cache as one medium whose files know their own service pack and edition. A file whose SHA-256 is wrong
/// is an Error when it is read.
MediumPtr open_cache(const std::string& folder);

} // namespace ntferry::patch
