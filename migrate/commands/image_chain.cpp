// ntferry image commit, ntferry image rebase
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/block/vhd/vhd.hpp"
#include "migrate/commands/commands.hpp"
#include "migrate/commands/image_support.hpp"

#include <fmt/ostream.h>

namespace ntferry::cli {
namespace {

void report(Invocation& invocation, const std::string& path, const char* what) {
    if (invocation.json)
        print_json(invocation.out, boost::json::object{{"image", path}, {"done", what}});
    else
        fmt::print(invocation.out, "{}: {}\n", path, what);
}

int run_commit(Invocation& invocation) {
    const std::string child = required(invocation, "child");
    block::vhd::commit(child, invocation.progress, invocation.stop);
    report(invocation, child, "committed to its parent; it can be removed");
    return 0;
}

int run_rebase(Invocation& invocation) {
    const std::string child = required(invocation, "child");
    block::vhd::rebase(child, required(invocation, "parent"));
    report(invocation, child, "rebased");
    return 0;
}

} // namespace

Command image_commit_command() {
    return {.name = "image commit",
            .summary = "writes a differencing image into its parent",
            .synopsis = "CHILD.vhd [options]",
            .description =
                "The child stays valid and can be removed afterwards. Other children of the same parent are "
                "refused from then on. An interrupted commit can be run again.",
            .add_options = {},
            .positional = {{"child", 1}},
            .examples = {{"ntferry image commit undo.vhd", "keeps what was done since undo.vhd was made"}},
            .run = run_commit};
}

Command image_rebase_command() {
    return {
        .name = "image rebase",
        .summary = "tells a differencing image where its parent is now",
        .synopsis = "CHILD.vhd PARENT.vhd [options]",
        .description =
            "Changes the stored name and identity of the parent, no data: PARENT has to hold what the old "
            "parent held. A folder that was moved as a whole needs no rebase.",
        .add_options = {},
        .positional = {{"child", 1}, {"parent", 1}},
        .examples = {{"ntferry image rebase disk0.patched.vhd ../base/disk0.vhd",
                      "after disk0.vhd was moved"}},
        .run = run_rebase};
}

} // namespace ntferry::cli
