// What `plan`, `patch` and `convert` share: options that shape a plan, opening a bundle, planning.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/patch/drivers/driver_source.hpp"
#include "converter/patch/overrides.hpp"
#include "converter/patch/plan.hpp"
#include "converter/patch/subject.hpp"
#include "converter/patch/workspace.hpp"
#include "migrate/cli/command.hpp"
#include "profiles/profile.hpp"

#include <string>
#include <vector>

namespace ntferry::cli {

/// --profile NAME, by default auto.
void add_profile_option(po::options_description& options);
/// --profile, --drivers, --driver-cache, --vendor-rules, --overrides, --set, --leave-out, --decide,
/// --setting.
void add_plan_options(po::options_description& options);
patch::Overrides read_overrides(const Invocation& invocation);
/// The profile of a name; for "auto" that of the kind of system on the disks.
/// @param otherwise taken for a system that is not recognised; empty: @throws Error (decision)
profiles::Profile choose_profile(const std::string& wanted, patch::Subject& subject,
                                 const std::string& otherwise = {});
/// What --drivers names, by way of --driver-cache.
patch::DriverSource read_drivers(const Invocation& invocation);
/// Plans for disks opened read-only.
patch::Plan plan_for(const Invocation& invocation, const std::vector<std::string>& disks,
                     const std::string& name);
void print_plan(const Invocation& invocation, const patch::Plan& plan);
/// 0; 3 while a decision is open or a file missing.
int plan_exit_code(const patch::Plan& plan);

} // namespace ntferry::cli
