// The commands for hosts and fleets, each in a file of its own.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "migrate/cli/command.hpp"

namespace ntferry::cli {

Command doctor_command();
Command batch_command();
Command batch_status_command();
Command batch_job_command();

} // namespace ntferry::cli
