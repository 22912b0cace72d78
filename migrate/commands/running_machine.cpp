// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/commands/running_machine.hpp"

#include "converter/base/error.hpp"
#include "converter/base/run_directory.hpp"

namespace ntferry::cli {

void add_machine_options(po::options_description& options) {
    options.add_options()("control", po::value<std::string>()->value_name("SOCKET"),
                          "the machine behind this socket instead of NAME");
}

launch::ControlClient connect(const Invocation& invocation) {
    if (invocation.has("control"))
        return launch::ControlClient(invocation.get<std::string>("control"));
    if (!invocation.has("machine"))
        throw Error("machine", "which one?", "give its NAME (ntferry ps) or --control SOCKET",
                    ErrorKind::usage);
    return launch::ControlClient(control_socket_of(invocation.get<std::string>("machine")));
}

std::string argument_after_name(const Invocation& invocation, const char* option) {
    const char* from = invocation.has("control") && !invocation.has(option) ? "machine" : option;
    return invocation.has(from) ? invocation.get<std::string>(from) : std::string();
}

} // namespace ntferry::cli
