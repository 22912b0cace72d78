// Draft: the file that keeps the answers of a wizard that was left.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "migrate/wizard/answers.hpp"

#include <optional>
#include <string>

namespace ntferry::wizard {

/// $XDG_STATE_HOME/ntferry/wizard.json, else ~/.local/state/ntferry/wizard.json (XDG Base Directory
/// Specification 0.8). Empty without a home.
std::string default_draft_path();

/// Nothing when there is no draft. @throws Error when there is one that cannot be read
std::optional<Answers> load_draft(const std::string& path);
/// Makes its folder. Only its owner may read it: addresses can hold user names. @throws Error
void save_draft(const std::string& path, const Answers& answers);
void remove_draft(const std::string& path);

} // namespace ntferry::wizard
