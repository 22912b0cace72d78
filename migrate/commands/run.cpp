// ntferry run
// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/launch/runner.hpp"

#include "migrate/commands/commands.hpp"
#include "migrate/commands/image_support.hpp"
#include "migrate/launch/registry.hpp"

namespace ntferry::cli {
namespace {

int run(Invocation& invocation) {
    const std::string bundle = launch::Registry().bundle_of(required(invocation, "machine"));
    const int code = launch::run_machine(bundle, invocation.progress, invocation.stop);
    if (invocation.json)
        print_json(invocation.out, boost::json::object{{"bundle", bundle}, {"exit_code", code}});
    return code;
}

} // namespace

Command run_command() {
    return {
        .name = "run",
        .summary = "runs a machine in the foreground, as its service does",
        .synopsis = "NAME|BUNDLE [options]",
        .description =
            "What ntferry@NAME.service and 'ntferry launch' run: waits for the machines that must run before "
            "and "
            "for the start delay, starts the machine, starts it again as its restart policy says, and keeps "
            "its "
            "notes in logs/machine.log of the bundle. A signal asks the guest to shut down and switches the "
            "machine off when that takes too long.\n\n"
            "Where this host's KVM cannot run Windows NT, QEMU does on copies of the disks in state/qemu; "
            "what "
            "changes there is written back when the machine has ended.",
        .add_options = {},
        .positional = {{"machine", 1}},
        .examples = {{"ntferry run payroll", "until it is stopped"}},
        .run = run};
}

} // namespace ntferry::cli
