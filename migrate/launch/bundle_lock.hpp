// The lock of a bundle: who holds it runs it or moves it.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "migrate/batch/job.hpp"

#include <optional>
#include <string>

namespace ntferry::launch {

/// Nothing when somebody else has it. A machine that was saved or stopped has answered before its process is
/// gone: a lock that is taken is waited for up to 5 s, so that the next command can follow at once.
/// @throws Error when the bundle cannot be written
std::optional<batch::FileLock> lock_bundle(const std::string& bundle);

/// For a command that reads or changes a bundle's disks: holds the lock, and the disks have all that the
/// machine has written. Nothing is held for what is no bundle, and, unless the command writes, for a bundle
/// that was never started: its folder may be read-only.
/// @param lose_copies passes over the copies of a run under QEMU that was cut off
/// @throws Error (decision): it runs or is being moved, or what it wrote lies beside its disks
std::optional<batch::FileLock> require_rest(const std::string& bundle, bool writes, bool lose_copies = false);

} // namespace ntferry::launch
