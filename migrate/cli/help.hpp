// Help texts, man pages and completion, all from the table of commands.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "migrate/cli/command.hpp"

namespace ntferry::cli {

/// The program's version: "0.1.0".
std::string_view version();

/// Options of the command and those every command has.
po::options_description visible_options(const Command& command);

void print_overview(const std::vector<Command>& commands, std::ostream& out);
void print_command_help(const Command& command, std::ostream& out);
/// `ntferry help WORDS`: a command, "man COMMAND" (troff), "completion" (bash), "commands" (names, a line
/// each).
int print_help_topic(const std::vector<Command>& commands, const std::vector<std::string>& words,
                     std::ostream& out, std::ostream& err);
/// Says what is wrong with the first words and what comes near; returns the exit code.
int unknown_command(const std::vector<Command>& commands, const std::vector<std::string>& words,
                    std::ostream& err);

} // namespace ntferry::cli
