// Running the wizard: the state machine, the terminal and the work put together.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <ostream>
#include <stop_token>
#include <string>
#include <vector>

namespace ntferry::wizard {

struct RunOptions {
    std::string draft;   ///< file of the answers; empty: they are not kept
    std::string profile; ///< "nt4"
    bool colors = true;
    std::vector<std::string> commands; ///< names of ntferry's commands, to name only those that exist
};

/// @param out what is said once the terminal is given back
/// @return exit code: 0, 130 when it was left, that of the conversion
/// @throws Error (usage) where there is no terminal
int run(const RunOptions& options, const std::stop_token& stop, std::ostream& out);

} // namespace ntferry::wizard
