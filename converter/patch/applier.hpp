// Carrying out the changes of a plan on opened volumes.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/patch/plan.hpp"
#include "converter/patch/volumes.hpp"

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace ntferry::patch {

/// What was written, for the check afterwards.
struct Applied {
    std::map<HiveId, Bytes> hives; ///< images as stored
    std::vector<std::string> warnings;
};

/// Checks every old value first, then writes. volumes must be writable.
/// @param at_step called before each change
/// @throws Error when the disk is not what the plan was made for, or a write fails
Applied apply_changes(const Plan& plan, Volumes& volumes,
                      const std::function<void(std::string_view)>& at_step);

/// Compares the written disks with the plan by a second path: fresh mounts, fresh hives.
/// @param before the captured disks
/// @param after the overlays, opened again
/// @return what was found as planned, a line each
/// @throws Error that names the first difference
std::vector<std::string> verify_changes(const Plan& plan, const Applied& applied, Volumes& before,
                                        Volumes& after);

} // namespace ntferry::patch
