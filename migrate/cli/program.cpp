// The frame around every command: common options, errors in one form, exit codes.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/base/error.hpp"
#include "migrate/cli/command.hpp"
#include "migrate/cli/help.hpp"
#include "migrate/cli/signals.hpp"
#include "migrate/cli/terminal_progress.hpp"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <algorithm>
#include <ostream>

#include <unistd.h>

namespace ntferry::cli {
namespace {

constexpr int usage_exit = static_cast<int>(ErrorKind::usage);

/// Finds the command that the first one or two words name; consumed says how many words that were.
const Command* find_command(const std::vector<Command>& commands, const std::vector<std::string>& words,
                            std::size_t& consumed) {
    for (consumed = std::min<std::size_t>(2, words.size()); consumed > 0; --consumed) {
        const std::string name = consumed == 2 ? words[0] + " " + words[1] : words[0];
        const auto at = std::find_if(commands.begin(), commands.end(),
                                     [&](const Command& command) { return command.name == name; });
        if (at != commands.end())
            return &*at;
    }
    return nullptr;
}

int run_command(const Command& command, const std::vector<std::string>& arguments, std::ostream& out,
                std::ostream& err) {
    po::options_description visible = visible_options(command);
    po::options_description all;
    all.add(visible);
    po::positional_options_description positional;
    po::options_description hidden;
    for (const auto& [name, count] : command.positional) {
        positional.add(name.c_str(), count);
        if (count == 1)
            hidden.add_options()(name.c_str(), po::value<std::string>());
        else
            hidden.add_options()(name.c_str(), po::value<std::vector<std::string>>());
    }
    all.add(hidden);

    po::variables_map options;
    try {
        po::store(po::command_line_parser(arguments).options(all).positional(positional).run(), options);
        if (options.count("help") != 0) {
            print_command_help(command, out);
            return 0;
        }
        po::notify(options);
    } catch (const po::error& error) {
        fmt::print(err, "ntferry: {}: {}; see 'ntferry {} --help'\n", command.name, error.what(),
                   command.name);
        return usage_exit;
    }

    SignalStop signals;
    const bool json = options.count("json") != 0;
    const bool quiet = options.count("quiet") != 0;
    const std::string log = options.count("log") != 0 ? options["log"].as<std::string>() : std::string();
    try {
        const std::unique_ptr<Progress> progress = make_progress(json, quiet, log, err);
        Invocation invocation{options, out, err, *progress, signals.token()};
        invocation.json = json;
        invocation.quiet = quiet;
        invocation.yes = options.count("yes") != 0;
        invocation.color = options.count("no-color") == 0 && isatty(STDOUT_FILENO) == 1;
        return command.run(invocation);
    } catch (const Error& error) {
        fmt::print(err, "ntferry: {}: {}\n", command.name, error.what());
        return static_cast<int>(error.kind());
    } catch (const std::bad_alloc&) {
        fmt::print(err, "ntferry: {}: out of memory\n", command.name);
        return 1;
    } catch (const std::exception& error) {
        fmt::print(err, "ntferry: {}: {}\n", command.name, error.what());
        return 1;
    }
}

} // namespace

int run_program(int argc, char** argv, std::ostream& out, std::ostream& err) {
    const std::vector<Command> commands = all_commands();
    std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
    if (words.empty()) {
        print_overview(commands, err);
        return usage_exit;
    }
    if (words[0] == "--version") {
        fmt::print(out, "ntferry {}\n", version());
        return 0;
    }
    if (words[0] == "--help" || words[0] == "-h" || words[0] == "help") {
        if (words.size() > 1)
            return print_help_topic(commands, std::vector<std::string>(words.begin() + 1, words.end()), out,
                                    err);
        print_overview(commands, out);
        return 0;
    }
    std::size_t consumed = 0;
    const Command* command = find_command(commands, words, consumed);
    if (command == nullptr)
        return unknown_command(commands, words, err);
    words.erase(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(consumed));
    return run_command(*command, words, out, err);
}

} // namespace ntferry::cli
