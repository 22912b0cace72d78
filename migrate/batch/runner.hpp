// Runner: starts the jobs of a fleet within its limits and keeps the journal.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/base/progress.hpp"
#include "migrate/batch/fleet.hpp"
#include "migrate/batch/job.hpp"
#include "migrate/batch/journal.hpp"

#include <optional>
#include <stop_token>

namespace ntferry::batch {

struct RunOptions {
    std::vector<std::string> program; ///< what is run: "ntferry" and leading arguments
    bool retry_failed = false;        ///< try again what had failed in an earlier run
};

/// Adds the fleet to the journal and puts right what a killed run left: interrupted jobs wait again.
/// @throws Error when the journal belongs to other servers
void prepare(const Fleet& fleet, const Layout& layout, Journal& journal, bool retry_failed);

/// Waits that depend on others: a job may start, must wait, or never can.
enum class Readiness : std::uint8_t { ready, wait, never };
Readiness readiness(const Server& server, const std::vector<JobRecord>& jobs, const Fleet& fleet);

/// Notes the end of a job; it waits again when trying once more can help. Interrupted jobs are no failures.
void note_end(JobRecord& job, const Server& server, int exit_code, const std::string& message);

/// Runs everything to its end. @throws Interrupted when asked to stop; then running jobs were asked, too
void run_jobs(const Fleet& fleet, const Layout& layout, Journal& journal, const RunOptions& options,
              Progress& progress, const std::stop_token& stop);

} // namespace ntferry::batch
