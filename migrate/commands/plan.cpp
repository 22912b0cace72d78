// ntferry plan
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/patch/durable.hpp"
#include "migrate/commands/commands.hpp"
#include "migrate/commands/image_support.hpp"
#include "migrate/commands/patch_support.hpp"

#include <filesystem>

namespace ntferry::cli {
namespace {

/// Whether something is asked for that an earlier plan may not have had.
bool asks_for_a_new_plan(const Invocation& invocation) {
    po::options_description shaping;
    add_plan_options(shaping);
    for (const auto& option : shaping.options())
        if (const auto& name = option->long_name();
            invocation.options.count(name) != 0 && !invocation.options[name].defaulted())
            return true;
    return false;
}

int run(Invocation& invocation) {
    const std::vector<std::string> sources = sources_of(invocation);
    std::vector<std::string> disks = sources;
    std::error_code ignored;
    if (sources.size() == 1 && std::filesystem::is_directory(sources.front(), ignored)) {
        disks.clear();
        const patch::Workspace workspace = patch::find_workspace(sources.front());
        if (workspace.patched() && !asks_for_a_new_plan(invocation)) {
            print_plan(invocation,
                       patch::parse_plan(patch::durable::read_text(workspace.plan_xml), workspace.plan_xml));
            return 0;
        }
        for (const patch::WorkspaceDisk& disk : workspace.disks)
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
    command.description =
        "Looks at a captured server and prints every change that 'ntferry patch' would "
        "make for the profile, each with "
        "its reason, its evidence, the old and the new value; what has to be decided "
        "first; driver files that are "
        "missing and where they can be found. Of a bundle that is patched already, and without options that "
        "shape a plan, it shows what was done. Nothing is written. Exit code 3: something "
        "has to be decided or "
        "provided first.";
    command.add_options = [](po::options_description& options) {
        add_plan_options(options);
        add_disk_option(options);
    };
    command.positional = {{"source", -1}};
    command.examples = {{"ntferry plan server1/", "what was changed on a converted server"},
                        {"ntferry plan server1/ --drivers /media/nt4cd --drivers sp6a/",
                         "what would be done, and with which files"},
                        {"ntferry plan disk.img --profile nt4-mps --json", "the same as JSON, for an image"}};
    command.run = run;
    return command;
}

} // namespace ntferry::cli
