// The command line of ntferry-vmm.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace ntferry::vmm {

/// Parses, builds the machine, runs it. Returns the exit code; prints errors as one line.
int run_command_line(int argc, char** argv);

} // namespace ntferry::vmm
