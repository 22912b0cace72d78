// Other programs: run and wait, or start and watch. Never through a shell.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <csignal>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace ntferry::cli {

/// How a program ended and what it said.
struct ProcessResult {
    int exit_code = -1; ///< 128 + signal when killed, 127 when it could not be started
    std::string out;
    std::string err;
};

/// Runs a program to its end. Each of its two outputs is kept up to 16 MiB.
/// @param limit after which it is killed; none: waits for ever
/// @param input what it reads from its standard input
ProcessResult run_process(const std::vector<std::string>& arguments, const std::string& input = {},
                          std::optional<std::chrono::milliseconds> limit = {});

/// Where a started program reads and writes; an empty path is /dev/null.
struct StartOptions {
    std::string output;    ///< file for standard output, truncated
    std::string error;     ///< file for standard error, appended; the same path as output: both go there
    bool speaks = false;   ///< both outputs are this process's standard error instead
    int conversation = -1; ///< standard input and output instead; standard error is this process's
    int keep_fd = -1;      ///< stays open in the program: a lock that ends with it
    bool ends_with_parent = false; ///< end_signal when this process dies, however it dies
    int end_signal = SIGTERM;
    bool own_session = false; ///< outlives the terminal and this process
    bool own_group = false;   ///< leads a process group of its own
};

/// Starts a program and does not wait. @throws SystemError when it cannot be started
pid_t start_process(const std::vector<std::string>& arguments, const StartOptions& options);

/// Exit code as in ProcessResult once it has ended; nothing while it runs.
std::optional<int> poll_process(pid_t pid);

/// This program's own file.
std::string own_program();
/// A program of the same build or installation (beside this one, then on PATH); empty when there is none.
std::string find_program(const std::string& name);

} // namespace ntferry::cli
