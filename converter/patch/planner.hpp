// Making a plan: the rules of a profile over what is on the disks.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/patch/drivers/driver_source.hpp"
#include "converter/patch/overrides.hpp"
#include "converter/patch/plan.hpp"
#include "converter/patch/subject.hpp"
#include "profiles/profile.hpp"

namespace ntferry::patch {

/// Everything that would be changed; the disks are only read. A disk without an NT system gives a plan with
/// no actions of ours that says what was not done.
/// @param drivers media; the captured disk itself is looked through as well
/// @throws Error (usage) for an override that names nothing
Plan make_plan(Subject& subject, const profiles::Profile& profile, const DriverSource& drivers,
               const Overrides& overrides);

} // namespace ntferry::patch
