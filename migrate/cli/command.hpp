// One sub-command of `ntferry`: a value that the parser, the help, the man pages and the completion read.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/base/progress.hpp"

#include <boost/program_options.hpp>

#include <functional>
#include <iosfwd>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace ntferry::cli {

namespace po = boost::program_options;

/// What a running command gets. Options every command has (--json, --quiet, --yes, --log, --no-color) are
/// parsed already.
struct Invocation {
    const po::variables_map& options;
    std::ostream& out;    ///< results: tables, JSON
    std::ostream& err;    ///< everything else
    Progress& progress;   ///< bar on a terminal, lines in a log, JSON events with --json
    std::stop_token stop; ///< requested by SIGINT and SIGTERM
    bool json = false;
    bool quiet = false;
    bool yes = false;
    bool color = false;

    bool has(const char* option) const { return options.count(option) != 0; }
    template <typename T>
    const T& get(const char* option) const {
        return options[option].as<T>();
    }
};

struct Example {
    std::string command;
    std::string says; ///< what it does
};

struct Command {
    std::string name;        ///< "capture", or "image check" for a command with verbs
    std::string summary;     ///< one line
    std::string synopsis;    ///< "SOURCE OUT.vhd [options]"
    std::string description; ///< paragraphs, for the man page and --help
    std::function<void(po::options_description&)> add_options; ///< visible options
    /// Positional arguments in order: option name and how often (-1: the rest). Declared by the frame.
    std::vector<std::pair<std::string, int>> positional;
    std::vector<Example> examples;
    std::function<int(Invocation&)> run; ///< exit code; throws Error
};

/// All commands, in the order of the help text. The one place that lists them: migrate/commands/all.cpp.
std::vector<Command> all_commands();

/// The program: parses, runs, turns Error into one line and an exit code.
int run_program(int argc, char** argv, std::ostream& out, std::ostream& err);

} // namespace ntferry::cli
