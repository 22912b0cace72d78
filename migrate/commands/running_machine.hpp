// What the commands for running machines share: which machine is meant.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "migrate/cli/command.hpp"
#include "migrate/launch/control_client.hpp"

namespace ntferry::cli {

/// Adds --control, which every command of this kind has.
void add_machine_options(po::options_description& options);
/// Connects with the machine NAME or the one behind --control SOCKET. @throws Error
launch::ControlClient connect(const Invocation& invocation);
/// A positional argument after NAME; with --control there is no NAME, so all move up by one.
std::string argument_after_name(const Invocation& invocation, const char* option);

} // namespace ntferry::cli
