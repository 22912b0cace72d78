// The command of the wizard; the others are in commands.hpp.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "migrate/cli/command.hpp"

namespace ntferry::cli {

Command wizard_command();

} // namespace ntferry::cli
