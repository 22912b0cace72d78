// ntferry check
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/block/open.hpp"
#include "converter/check/boot_chain.hpp"
#include "converter/patch/workspace.hpp"
#include "migrate/commands/commands.hpp"
#include "migrate/commands/image_support.hpp"
#include "migrate/commands/patch_support.hpp"

#include <fmt/ostream.h>

#include <filesystem>

namespace ntferry::cli {
namespace {

void add_options(po::options_description& options) {
    add_profile_option(options);
    add_disk_option(options);
    options.add_options()("unpatched", "look at the exact capture, not at what patching made of it");
    options.add_options()("all", "show the good links too");
}

int run(Invocation& invocation) {
    const std::vector<std::string> sources = sources_of(invocation);
    std::vector<block::SharedBlockDevice> disks;
    std::error_code ignored;
    // A bundle or a patched VHD is looked at as patched; anything else that open_disk() takes as it is.
    const bool bundle = sources.size() == 1 && std::filesystem::exists(sources.front(), ignored) &&
                        (std::filesystem::is_directory(sources.front(), ignored) ||
                         patch::find_workspace(sources.front()).patched());
    if (bundle) {
        const patch::Workspace workspace = patch::find_workspace(sources.front());
        for (std::size_t i = 0; i < workspace.disks.size(); ++i)
            disks.emplace_back(block::open_disk(invocation.has("unpatched") ? workspace.disks[i].base
                                                                            : workspace.current(i)));
    } else {
        for (const std::string& source : sources)
            disks.emplace_back(block::open_disk(source));
    }
    patch::Subject subject(std::move(disks), sources.front());
    const profiles::Profile profile = choose_profile(invocation.get<std::string>("profile"), subject, "nt4");
    const check::Verdict verdict = check::check_boot_chain(subject, profile);
    if (invocation.json)
        fmt::print(invocation.out, "{}\n", check::verdict_json(verdict));
    else if (!invocation.quiet)
        fmt::print(invocation.out, "{}", check::verdict_text(verdict, invocation.has("all")));
    return verdict.starts() ? 0 : verdict.complete || verdict.first_broken() != nullptr ? 1 : 4;
}

} // namespace

Command check_command() {
    Command command;
    command.name = "check";
    command.summary = "walk the boot chain before the first start, and name what would stop it";
    command.synopsis = "BUNDLE | DISK... [options]";
    command.description =
        "Goes along the boot chain of Windows NT as the machine will: boot code and active partition, boot "
        "sector against "
        "the geometry, NTLDR, boot.ini, kernel and HAL, the SYSTEM hive, every driver that starts at boot or "
        "with the "
        "system, with all its imports. Each defect is named with the STOP code or loader message that it "
        "would give. "
        "Nothing is written. Exit code 0: it starts; 1: it does not; 4: not a Windows NT system.";
    command.add_options = add_options;
    command.positional = {{"source", -1}};
    command.examples = {{"ntferry check server1/", "will the patched server start?"},
                        {"ntferry check server1/ --unpatched --all", "and what the capture itself would do"}};
    command.run = run;
    return command;
}

} // namespace ntferry::cli
