// ntferry verify
// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/commands/commands.hpp"
#include "migrate/commands/image_support.hpp"
#include "migrate/verify/cure.hpp"

#include <fmt/ostream.h>

#include <filesystem>

namespace ntferry::cli {
namespace {

void add_options(po::options_description& options) {
    options.add_options()("boot", po::value<unsigned>()->value_name("SECONDS")->default_value(180),
                          "how long the trial may take") //
        ("engine", po::value<std::string>()->value_name("NAME")->default_value("auto"),
         "kvm, qemu, or auto: QEMU where this host's KVM cannot run NT") //
        ("cure", "try safe cures of machine.xml; --yes keeps the one that helps");
}

int run(Invocation& invocation) {
    const std::string bundle = required(invocation, "bundle");
    const std::string machine_path = (std::filesystem::path(bundle) / "machine.xml").string();
    if (!std::filesystem::exists(machine_path))
        throw Error(bundle, "holds no machine.xml", "name a bundle that 'ntferry convert' has finished",
                    ErrorKind::usage);
    const profiles::MachineDescription machine = profiles::load_machine(machine_path);
    verify::TrialOptions options;
    options.limit = std::chrono::seconds(invocation.get<unsigned>("boot"));
    options.engine = verify::engine_kind(invocation.get<std::string>("engine"));
    const verify::CureOutcome outcome = verify::try_machine(bundle, machine, options, invocation.has("cure"),
                                                            invocation.progress, invocation.stop);
    const bool keep = outcome.changed && invocation.yes;
    if (keep)
        profiles::save_machine(outcome.machine, machine_path);
    const verify::TrialResult& result = outcome.last();
    if (invocation.json) {
        boost::json::object object = verify::to_json(result);
        object["trials"] = outcome.trials.size();
        object["kept"] = keep;
        print_json(invocation.out, object);
    } else if (!invocation.quiet) {
        fmt::print(invocation.out, "{}", verify::trial_text(result));
        if (keep)
            fmt::print(invocation.out, "machine.xml now has {}\n", outcome.what);
        else if (outcome.changed)
            fmt::print(invocation.out, "{} helps; --yes writes it to machine.xml\n", outcome.what);
        else if (result.verdict.automatic != verify::Cure::none && !invocation.has("cure"))
            fmt::print(invocation.out, "'ntferry verify {} --cure' tries other geometries\n", bundle);
    }
    if (outcome.changed && !keep)
        return static_cast<int>(ErrorKind::decision);
    return result.verdict.good() ? 0 : 1;
}

} // namespace

Command verify_command() {
    return {.name = "verify",
            .summary = "boots a bundle on trial and says what happened",
            .synopsis = "BUNDLE [options]",
            .description =
                "Starts the machine on throw-away copies of its disks, without any network, reads its "
                "screen and says what happened: it rests at a screen, the loader complains, a STOP with "
                "code, parameters and driver, a message of the BIOS, a hang, a reboot loop, or that it "
                "is safe to turn off; with cause and cure where they are known. The bundle's disks are "
                "not written; logs/trial.png is the last screen, logs/trial-com1.log what the guest "
                "said on COM1.\n\n"
                "The exit code is 0 when the machine comes to rest as it should, 3 when a cure was found "
                "that --yes would keep, 1 otherwise.",
            .add_options = add_options,
            .positional = {{"bundle", 1}},
            .examples = {{"ntferry verify server1/", "boots it, three minutes at most"},
                         {"ntferry verify server1/ --boot 600 --engine qemu",
                          "in a translated machine, with patience"},
                         {"ntferry verify server1/ --cure --yes",
                          "looks for a geometry that boots and keeps it"}},
            .run = run};
}

} // namespace ntferry::cli
