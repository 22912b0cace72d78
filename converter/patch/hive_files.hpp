// The files of a hive on a volume: NAME, NAME.LOG, SYSTEM.ALT; loading with recovery, writing as NT 4.0 wants
// it. SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/patch/action.hpp"
#include "converter/registry/hive.hpp"
#include "converter/registry/recovery.hpp"
#include "converter/volume/filesystem.hpp"

#include <string>
#include <vector>

namespace ntferry::patch {

/// "\\WINNT\\system32\\config\\system".
std::string hive_path(const std::string& system_root, HiveId hive);

/// A hive as NT would have it after loading: recovered in memory when it is dirty.
struct LoadedHive {
    Bytes image;
    registry::RecoveryReport report;
};

/// @throws Error when no usable hive can be made
LoadedHive load_hive(volume::FileSystem& files, const std::string& system_root, HiveId hive);

/// Writes a clean image: backup NAME.p2v of the file as it was (kept when there is one already), NAME, an
/// equal SYSTEM.ALT for SYSTEM, and a log that says nothing is to do. Returns the paths written.
std::vector<std::string> store_hive(volume::FileSystem& files, const std::string& system_root, HiveId hive,
                                    ByteView image);

/// What is not as store_hive() leaves it, a line each: files differ, dirty, pending log, wrong checksum.
std::vector<std::string> check_stored_hive(volume::FileSystem& files, const std::string& system_root,
                                           HiveId hive, ByteView image);

} // namespace ntferry::patch
