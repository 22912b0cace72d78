// The same jobs as a Slurm array over hosts with shared storage.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "migrate/batch/runner.hpp"

#include <chrono>

namespace ntferry::batch {

struct SlurmOptions {
    std::string partition;                ///< empty: the cluster's default
    std::vector<std::string> batch_job;   ///< "ntferry batch job FLEET --output DIR [...]" of every task
    std::chrono::milliseconds poll{1000}; ///< how often the ends are looked at
};

/// Submits arrays of what is ready, waits for their ends, until nothing is left. Task i runs server i of the
/// fleet by `batch_job --index i` and leaves its exit code in Layout::end_file().
/// @throws Interrupted when asked to stop (the arrays are cancelled), Error when Slurm does not answer
void run_slurm(const Fleet& fleet, const Layout& layout, Journal& journal, const SlurmOptions& options,
               Progress& progress, const std::stop_token& stop);

} // namespace ntferry::batch
