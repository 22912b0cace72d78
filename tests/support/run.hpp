// Runs another program: the independent oracles of the tests.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

namespace ntferry::test {

struct RunResult {
    int exit_code = -1; ///< 128 + signal when killed
    std::string out;    ///< standard output
    std::string err;    ///< standard error
};

/// Runs a shell command (sh -c) and waits.
RunResult run_shell(const std::string& command);
/// Whether a program is on PATH (/usr/sbin and /sbin included).
bool have_program(const std::string& name);
/// ../shared/data of the checkout, or $NTFERRY_TEST_DATA; empty when there is none.
std::string sample_data_dir();

} // namespace ntferry::test
