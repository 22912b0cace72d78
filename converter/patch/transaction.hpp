// Transaction: a plan carried out on overlays of the captured disks, all or nothing.
//
// The exact captures stay as they are. Every change goes to a fresh differencing VHD under a hidden name; it
// is flushed, opened again and compared with the plan by a second path; then the overlays get their names,
// and last of all the plan file appears: until then the machine counts as unpatched. SPDX-License-Identifier:
// GPL-3.0-or-later
#pragma once

#include "converter/base/progress.hpp"
#include "converter/patch/plan.hpp"
#include "converter/patch/workspace.hpp"

#include <functional>
#include <stop_token>
#include <string_view>

namespace ntferry::patch {

struct ApplyOptions {
    /// Write to a volume that was not cleanly dismounted; its unreplayed NTFS log is emptied first.
    bool allow_dirty = false;
    std::stop_token stop;
    /// Called before each step, with its name; what it throws ends the transaction there. For tests.
    std::function<void(std::string_view)> at_step;
};

struct ApplyResult {
    std::size_t changes = 0;           ///< actions carried out
    std::vector<std::string> overlays; ///< files made
    std::vector<std::string> verified; ///< what was read back and found as planned, a line each
    std::vector<std::string> warnings; ///< hive size and the like
};

/// Carries out a plan. @throws Error when the plan is not applicable (decision), the machine is patched
/// already (decision), a volume is dirty (decision), a disk is not what the plan was made for, or anything
/// fails: then nothing is left behind.
ApplyResult apply(const Plan& plan, const Workspace& workspace, const ApplyOptions& options,
                  Progress& progress);

struct UndoOptions {
    /// Drop the overlay although the machine has written to it since it was patched.
    bool lose_changes = false;
};

/// Drops the overlays: the machine is the exact capture again. False when it was not patched.
/// @throws Error (decision) when the machine ran from the overlay meanwhile
bool undo(const Workspace& workspace, const UndoOptions& options);

/// Removes what a killed transaction left. Returns the files removed.
std::vector<std::string> clean_up(const Workspace& workspace);

} // namespace ntferry::patch
