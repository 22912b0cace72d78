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

} // namespace ntferry::launch
