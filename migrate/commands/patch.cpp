// ntferry patch
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/patch/transaction.hpp"
#include "migrate/commands/commands.hpp"
#include "migrate/commands/image_support.hpp"
#include "migrate/commands/patch_support.hpp"
#include "migrate/launch/bundle_lock.hpp"

#include <boost/json.hpp>
#include <fmt/ostream.h>

namespace ntferry::cli {
namespace {

namespace json = boost::json;

void add_options(po::options_description& options) {
    add_plan_options(options);
    options.add_options()("dry-run", "print the plan and stop");
    options.add_options()("again", "drop an earlier patch first; refused when the machine has run from it");
}

void report(const Invocation& invocation, const patch::Plan& plan, const patch::ApplyResult& result) {
    if (invocation.json) {
        const json::object object{{"changes", result.changes},
                                  {"overlays", json::array(result.overlays.begin(), result.overlays.end())},
                                  {"verified", json::array(result.verified.begin(), result.verified.end())},
                                  {"warnings", json::array(result.warnings.begin(), result.warnings.end())},
                                  {"plan", json::parse(patch::plan_json(plan))}};
        fmt::print(invocation.out, "{}\n", json::serialize(object));
        return;
    }
    if (invocation.quiet)
        return;
    print_plan(invocation, plan);
    fmt::print(invocation.out, "\n{} changes made and read back:\n", result.changes);
    for (const std::string& line : result.verified)
        fmt::print(invocation.out, "  {}\n", line);
    for (const std::string& line : result.warnings)
        fmt::print(invocation.out, "warning: {}\n", line);
    for (const std::string& path : result.overlays)
        fmt::print(invocation.out, "every change is in {}; 'ntferry undo' drops it\n", path);
}

int run(Invocation& invocation) {
    const std::string bundle = required(invocation, "bundle");
    const patch::Workspace workspace = patch::find_workspace(bundle);
    const auto lock = invocation.has("dry-run") ? std::nullopt : launch::require_rest(bundle, true);
    if (invocation.has("again"))
        patch::undo(workspace, {.lose_changes = invocation.yes});
    if (workspace.patched() && !invocation.has("dry-run"))
        throw Error(workspace.name, "is patched already", "run 'ntferry undo' first, or give --again",
                    ErrorKind::decision);
    std::vector<std::string> disks;
    for (const patch::WorkspaceDisk& disk : workspace.disks)
        disks.push_back(disk.base);
    const patch::Plan plan = plan_for(invocation, disks, workspace.name);
    if (invocation.has("dry-run")) {
        print_plan(invocation, plan);
        return plan_exit_code(plan);
    }
    if (!plan.applicable())
        print_plan(invocation, plan);
    patch::require_applicable(plan);
    patch::ApplyOptions options;
    options.stop = invocation.stop;
    report(invocation, plan, patch::apply(plan, workspace, options, invocation.progress));
    return 0;
}

} // namespace

Command patch_command() {
    Command command;
    command.name = "patch";
    command.summary = "make a captured server ready for its new machine, reversibly";
    command.synopsis = "BUNDLE | DISK.vhd [options]";
    command.description =
        "Plans as 'ntferry plan' does and carries the plan out. The exact capture stays as it is: every "
        "change goes to a "
        "differencing VHD beside it, is read back by a second path and compared with the plan. Killed at any "
        "point, "
        "the bundle is either unpatched or patched. 'ntferry undo' makes it the exact capture again.";
    command.add_options = add_options;
    command.positional = {{"bundle", 1}};
    command.examples = {
        {"ntferry patch server1/ --drivers nt4cd.iso --drivers sp6a/", "patch for the profile nt4"},
        {"ntferry patch server1/ --dry-run", "only show the plan"},
        {"ntferry patch server1/ --set 'SYSTEM\\CurrentControlSet\\Services\\foo\\Start=dword:4'",
         "disable a service of yours as well"}};
    command.run = run;
    return command;
}

} // namespace ntferry::cli
