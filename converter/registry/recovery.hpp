// Recovery of a dirty hive in memory, as NT does when it loads one: from its .LOG or from SYSTEM.ALT.
//
// Old log format (NT 3.1 to Windows 7): base block copy, "DIRT" and a bitmap with a bit for each 512-byte
// page of bins, then the dirty pages. Source: "Windows registry file format specification" (M. Suhanov),
// "Format of transaction log files", "Dirty state of a hive".
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/registry/base_block.hpp"

#include <optional>
#include <string>
#include <vector>

namespace ntferry::registry {

/// What a hive consists of on disk. Log and alternate are optional; empty views count as absent.
struct HiveFiles {
    ByteView primary;
    std::optional<ByteView> log;       ///< NAME.LOG
    std::optional<ByteView> alternate; ///< SYSTEM.ALT
};

enum class HiveState : std::uint8_t {
    clean,        ///< the primary is whole, taken as it is
    log_replayed, ///< dirty; the pages of the log were applied
    alternate,    ///< the primary is unusable or dirty without a log; SYSTEM.ALT is whole and was taken
    dirty_as_is,  ///< dirty and nothing to recover from: the bins are whole and were taken as they are
};

struct RecoveryReport {
    HiveState state = HiveState::clean;
    bool primary_dirty = false;     ///< sequence numbers differ or the checksum is wrong
    std::size_t pages_applied = 0;  ///< 512-byte pages taken from the log
    std::vector<std::string> notes; ///< what was seen and done, in order, one line each
    std::string summary() const;    ///< one line
};

struct RecoveredHive {
    Bytes image; ///< a clean primary: equal sequence numbers, right checksum
    RecoveryReport report;
};

/// Gives the hive that NT would have after loading these files. Nothing on disk changes.
/// @throws Error when no usable hive can be made; one line that says why
RecoveredHive recover_hive(const HiveFiles& files, const std::string& name);

/// What is wrong with a log for this primary, or nothing when it applies.
std::optional<std::string> log_problem(ByteView log, const BaseBlock& primary, ByteView primary_image);

/// A log that says "nothing to do": what our writer leaves beside a clean hive.
Bytes empty_log(ByteView primary_image);

} // namespace ntferry::registry
