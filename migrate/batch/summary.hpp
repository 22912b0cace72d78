// What became of a batch: for people, spreadsheets and programs.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "migrate/batch/job.hpp"
#include "migrate/batch/journal.hpp"

namespace ntferry::batch {

struct Counts {
    std::size_t waiting = 0;
    std::size_t running = 0;
    std::size_t done = 0;
    std::size_t failed = 0; ///< skipped ones included
};
Counts count(const std::vector<JobRecord>& jobs);

/// What `ntferry batch` ends with: 0, or 100 and the number of servers that failed; 125: 25 or more. Codes
/// below are those of every command, codes above the shell's own.
int exit_code_of(const Counts& counts);
/// "198 of 200 converted, 2 failed".
std::string sentence(const Counts& counts);
std::string summary_json(const std::vector<JobRecord>& jobs);
/// RFC 4180; cells that a spreadsheet would take for a formula are quoted with an apostrophe.
std::string summary_csv(const std::vector<JobRecord>& jobs);
std::string summary_html(const std::vector<JobRecord>& jobs);
/// summary.json, summary.csv and summary.html in the output folder.
void write_summary(const std::vector<JobRecord>& jobs, const Layout& layout);
/// A table of at most `lines` jobs, those under way first; 0: all.
std::string status_table(const std::vector<JobRecord>& jobs, const Layout& layout, std::size_t lines);

} // namespace ntferry::batch
