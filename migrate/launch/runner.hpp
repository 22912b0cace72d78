// Runner: one machine of this host, from its start to its end; what a service instance runs.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/base/progress.hpp"
#include "migrate/launch/settings.hpp"

#include <chrono>
#include <stop_token>
#include <string>

namespace ntferry::launch {

/// Seconds before the n-th start in a row (n from 1): 1, 2, 4, up to 60.
unsigned backoff_seconds(unsigned restarts);

/// How a machine's process ended.
struct EndOfRun {
    int exit_code = 0;
    bool by_administrator = false; ///< stopped through the control socket or by a signal
};
bool starts_again(Restart restart, const EndOfRun& end);

/// Where 'ntferry save' puts the machine's state, and run_machine() goes on from.
std::string saved_state_of(const std::string& bundle);

/// Waits for the machines it comes after, then for its delay, runs it, and again as its settings say; until
/// it has ended for good. When stopped, it asks the guest to shut down and switches the machine off when that
/// takes too long.
/// @returns an exit code: 0 when the machine ended in order
/// @throws Error, among others when the bundle runs already, or its saved state does not fit
int run_machine(const std::string& bundle, Progress& progress, const std::stop_token& stop);

} // namespace ntferry::launch
