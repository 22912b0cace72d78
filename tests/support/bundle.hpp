// Bundles for tests: a lookalike server captured as VHD.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>

namespace ntferry::test {

/// Makes FOLDER/disks/diskN.vhd (dynamic, mode 0444) of all disks of a lookalike variant; returns FOLDER.
/// Throws as lookalike_disk() does. With `agent` it is the disk that starts Linux (lookalike_linux_disk).
std::string make_bundle(const std::string& variant, const std::string& folder, bool agent = false);

/// Copies a file of a volume to the host with ntfscat or mtools, never by our own code.
/// @param image raw image of the whole disk
/// @param start bytes from its start to the volume
void extract_file(const std::string& image, std::uint64_t start, std::uint64_t length, bool ntfs,
                  const std::string& path, const std::string& target);

/// The disk that a VHD chain shows, as a sparse raw image.
void write_raw(const std::string& vhd, const std::string& image);

} // namespace ntferry::test
