// Waiting for the first thing that a started machine shows.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <stop_token>
#include <string>

namespace ntferry::launch {

struct FirstScreen {
    bool seen = false;
    std::string says; ///< last line of a text screen, or the size of a picture
};

/// @param log of the machine's supervisor: its last line is told when the machine does not come up
/// @throws Error when it ended before it showed anything; Interrupted (the machine goes on)
FirstScreen wait_for_first_screen(const std::string& name, const std::string& log, std::chrono::seconds limit,
                                  const std::stop_token& stop);

} // namespace ntferry::launch
