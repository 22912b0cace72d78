// The table of commands.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/commands/commands.hpp"

namespace ntferry::cli {

std::vector<Command> all_commands() {
    return {
        // One line per command, in the order of the help text.
    };
}

} // namespace ntferry::cli
