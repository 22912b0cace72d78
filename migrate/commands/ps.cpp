// ntferry ps
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/base/error.hpp"
#include "migrate/commands/commands.hpp"
#include "migrate/commands/image_support.hpp"
#include "migrate/launch/control_client.hpp"

#include <fmt/ostream.h>

namespace ntferry::cli {
namespace {

int run_ps(Invocation& invocation) {
    boost::json::array rows;
    for (const launch::FoundMachine& machine : launch::find_machines()) {
        std::string state;
        try {
            launch::ControlClient client(machine.socket);
            state = client.run("query-status").as_object().at("status").as_string().c_str();
        } catch (const Error& error) {
            state = std::string("gone: ") + error.problem(); // a socket that a killed process left behind
        }
        rows.push_back(
            boost::json::object{{"name", machine.name}, {"status", state}, {"control", machine.socket}});
        if (!invocation.json)
            fmt::print(invocation.out, "{:20} {:12} {}\n", machine.name, state, machine.socket);
    }
    if (invocation.json)
        print_json(invocation.out, rows);
    else if (rows.empty() && !invocation.quiet)
        fmt::print(invocation.err, "no machine runs\n");
    return 0;
}

} // namespace

Command ps_command() {
    return {.name = "ps",
            .summary = "lists running machines",
            .synopsis = "[options]",
            .description =
                "Machines of this user: those with a control socket in $XDG_RUNTIME_DIR/ntferry, or in "
                "/run/ntferry.",
            .add_options = {},
            .positional = {},
            .examples = {{"ntferry ps", "names and states"}},
            .run = run_ps};
}

} // namespace ntferry::cli
