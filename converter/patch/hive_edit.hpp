// The registry changes of a plan, carried out on a hive in memory: by the planner to see that they fit, by
// the applier to write the result. SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/patch/plan.hpp"

#include <functional>
#include <string_view>

namespace ntferry::patch {

bool changes_hive(const Plan& plan, HiveId hive);

/// @param image clean, as load_hive() gives it
/// @param step called with the id of each action before it is carried out; may be empty
/// @return the edited hive, clean, regf 1.3
/// @throws Error when an old value is not what the plan says; (decision) when the hive would outgrow NT's
/// limit
Bytes edit_hive(const Plan& plan, HiveId hive, Bytes image,
                const std::function<void(std::string_view)>& step);

/// "the disk is not what the plan was made for". @throws Error always
[[noreturn]] void not_what_was_planned(const Action& action, const std::string& seen);

} // namespace ntferry::patch
