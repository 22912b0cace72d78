// RemoteHost: another host with ntferry on it, reached by ssh.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "migrate/cli/process.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace ntferry::launch {

struct RemoteHost {
    std::string address;          ///< as the administrator wrote it
    std::vector<std::string> ssh; ///< ssh's command line up to the remote command
    std::string folder;           ///< where bundles lie there; relative to the home folder unless absolute
    std::string program = "ntferry";

    /// The command line that runs `ntferry ARGUMENTS` there.
    std::vector<std::string> command(const std::vector<std::string>& arguments) const;
    /// Runs it to its end. @throws Error when ssh or the remote program cannot be started
    cli::ProcessResult run(const std::vector<std::string>& arguments,
                           std::optional<std::chrono::milliseconds> limit = {}) const;
    /// As run(), @throws Error with the other side's words unless it exits with 0 or one of `also`.
    std::string ask(const std::vector<std::string>& arguments, std::initializer_list<int> also = {}) const;
};

/// "user@host", "user@host:FOLDER", or ssh://user@host:port/FOLDER?identity=FILE&known_hosts=FILE.
/// @throws Error (usage)
RemoteHost parse_host(const std::string& address);

} // namespace ntferry::launch
