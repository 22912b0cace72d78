// ntferry wizard
// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/commands/wizard.hpp"
#include "converter/base/error.hpp"
#include "migrate/wizard/draft.hpp"
#include "migrate/wizard/run.hpp"
#include "profiles/profile.hpp"

#include <cstdlib>

namespace ntferry::cli {
namespace {

void add_options(po::options_description& options) {
    options.add_options()("profile", po::value<std::string>()->value_name("NAME")->default_value("nt4"),
                          "machine that the guest gets ('ntferry profiles list')")(
        "draft", po::value<std::string>()->value_name("FILE"),
        "keeps the answers of a wizard that was left (default: $XDG_STATE_HOME/ntferry/wizard.json, "
        "else ~/.local/state/ntferry/wizard.json)");
}

int run(Invocation& invocation) {
    if (invocation.json)
        throw Error("--json", "the wizard talks to a person", "use 'ntferry convert --json'",
                    ErrorKind::usage);
    wizard::RunOptions options;
    options.profile = profiles::find_profile(invocation.get<std::string>("profile")).name;
    options.draft =
        invocation.has("draft") ? invocation.get<std::string>("draft") : wizard::default_draft_path();
    // https://no-color.org: set and not empty
    const char* no_color = std::getenv("NO_COLOR");
    options.colors = !invocation.has("no-color") && (no_color == nullptr || *no_color == '\0');
    for (const Command& command : all_commands())
        options.commands.push_back(command.name);
    return wizard::run(options, invocation.stop, invocation.out);
}

} // namespace

Command wizard_command() {
    return {
        .name = "wizard",
        .summary = "moves a server step by step, with questions on a full screen",
        .synopsis = "[options]",
        .description =
            "For someone who does a first conversion: asks for the server's disk (of this machine with model "
            "and size, an image file, an address), shows what is on it and whether it can be moved, in plain "
            "words, asks for the NT CD and service pack and says which files are still missing, for network, "
            "memory and folder, shows a summary, and after it is accepted does what 'ntferry convert' does: "
            "copy, patch, check, trial boot. Then it shows the first screen of the machine and says what to "
            "do "
            "next.\n\n"
            "Nothing is written before the summary is accepted. Esc goes back at every step, F1 explains, "
            "F10 "
            "or Ctrl-C leaves; the answers are kept in the draft and the next 'ntferry wizard' goes on, also "
            "with a conversion that was stopped. It needs a terminal of 80 columns and 24 rows (40x16 at "
            "least), over ssh or a serial line as well, and no colours (NO_COLOR, --no-color).",
        .add_options = add_options,
        .positional = {},
        .examples = {{"sudo ntferry wizard", "a disk of this machine: reading it needs root"},
                     {"ntferry wizard --draft server2.json", "answers in a file of its own"},
                     {"TERM=vt100 ntferry wizard --no-color", "on a serial console"}},
        .run = run};
}

} // namespace ntferry::cli
