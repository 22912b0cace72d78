// ntferry plan
// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/commands/commands.hpp"
#include "migrate/commands/image_support.hpp"
#include "migrate/commands/patch_support.hpp"

#include <filesystem>

namespace ntferry::cli {
namespace {

int run(Invocation& invocation) {
    const std::vector<std::string> sources = sources_of(invocation);
    std::vector<std::string> disks = sources;
    std::error_code ignored;
    if (sources.size() == 1 && std::filesystem::is_directory(sources.front(), ignored)) {
        disks.clear();
        for (const patch::WorkspaceDisk& disk : patch::find_workspace(sources.front()).disks)
            disks.push_back(disk.base);
    }
    const patch::Plan plan = plan_for(invocation, disks, sources.front());
    print_plan(invocation, plan);
    return plan_exit_code(plan);
}

} // namespace

Command plan_command() {
    Command command;
    command.name = "plan";
    command.summary = "show what patching would change, without touching anything";
    command.synopsis = "BUNDLE | DISK... [options]";
    command.description = "Looks at a captured server and prints every change that 'ntferry patch' would "
                          "make for the profile, each with "
                          "its reason, its evidence, the old and the new value; what has to be decided "
                          "first; driver files that are "
                          "missing and where they can be found. Nothing is written. Exit code 3: something "
                          "has to be decided or "
                          "provided first.";
    command.add_options = [](po::options_description& options) {
        add_plan_options(options);
        add_disk_option(options);
    };
    command.positional = {{"source", -1}};
    command.examples = {{"ntferry plan server1/ --drivers /media/nt4cd --drivers sp6a/",
                         "what would be done, and with which files"},
                        {"ntferry plan disk.img --profile nt4-mps --json", "the same as JSON, for an image"}};
    command.run = run;
    return command;
}

} // namespace ntferry::cli
