// ntferry undo
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/patch/transaction.hpp"
#include "migrate/commands/commands.hpp"
#include "migrate/commands/image_support.hpp"
#include "migrate/launch/bundle_lock.hpp"
#include "migrate/launch/work_disks.hpp"

#include <boost/json.hpp>
#include <fmt/ostream.h>

namespace ntferry::cli {
namespace {

int run(Invocation& invocation) {
    const std::string bundle = required(invocation, "bundle");
    const patch::Workspace workspace = patch::find_workspace(bundle);
    const auto lock = launch::require_rest(bundle, true, invocation.yes);
    const bool dropped = patch::undo(workspace, {.lose_changes = invocation.yes});
    if (launch::WorkDisks copies(bundle); copies.pending()) // --yes, or it would have been refused
        copies.forget();
    if (invocation.json)
        fmt::print(invocation.out, "{}\n", boost::json::serialize(boost::json::object{{"dropped", dropped}}));
    else if (!invocation.quiet)
        fmt::print(invocation.out, "{}: {}\n", workspace.name,
                   dropped ? "the patch was dropped, this is the exact capture again" : "was not patched");
    return 0;
}

} // namespace

Command undo_command() {
    Command command;
    command.name = "undo";
    command.summary = "drop a patch: the exact capture again";
    command.synopsis = "BUNDLE | DISK.vhd [options]";
    command.description =
        "Removes the overlay that 'ntferry patch' made. When the machine has run from it meanwhile, what it "
        "wrote would be lost: then --yes is needed. So it is for a bundle that another version of NTFerry "
        "patched and recorded otherwise: nothing proves then that the machine has not run. "
        "A machine that runs is stopped first.";
    command.positional = {{"bundle", 1}};
    command.examples = {{"ntferry undo server1/", "back to the exact capture"}};
    command.run = run;
    return command;
}

} // namespace ntferry::cli
