// Questions of a plan in plain words.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/patch/plan.hpp"

#include <string>

namespace ntferry::wizard {

struct Question {
    std::string question; ///< one sentence
    std::string why;      ///< may be empty
    /// A CD or a service pack may answer it.
    bool media_may_help = false;
};

/// What a decision asks: our own words for those we know, the plan's for the others.
Question question_of(const patch::Decision& decision);
/// A choice of it, for one line of 70 columns.
std::string choice_of(const patch::Decision& decision, const patch::Choice& choice);

} // namespace ntferry::wizard
