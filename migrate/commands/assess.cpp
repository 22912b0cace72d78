// ntferry assess: whether a server can be moved, and what stands in the way.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/assess/assess.hpp"
#include "converter/block/device.hpp"
#include "migrate/commands/commands.hpp"
#include "migrate/commands/image_support.hpp"
#include "migrate/commands/patch_support.hpp"
#include "migrate/report/assessment_document.hpp"
#include "migrate/report/sources.hpp"

#include <boost/json.hpp>

#include <ostream>

namespace ntferry::cli {
namespace {

/// 0 ready, 3 needs a decision, 4 cannot: the exit codes that every command uses.
int exit_code(assess::Verdict verdict) {
    switch (verdict) {
    case assess::Verdict::needs_decision:
        return static_cast<int>(ErrorKind::decision);
    case assess::Verdict::cannot:
        return static_cast<int>(ErrorKind::unsupported);
    case assess::Verdict::ready:
    case assess::Verdict::ready_with_changes:
        break;
    }
    return 0;
}

profiles::Profile profile_for(const Invocation& invocation,
                              const std::vector<block::SharedBlockDevice>& disks) {
    const auto& name = invocation.get<std::string>("profile");
    if (name != "auto")
        return profiles::find_profile(name);
    try {
        patch::Subject subject(disks, required(invocation, "source"));
        return choose_profile(name, subject, "nt4");
    } catch (const block::ReadError&) {
        return profiles::find_profile("nt4"); // what can be read of a failing disk is told all the same
    }
}

int run(Invocation& invocation) {
    const std::vector<block::SharedBlockDevice> devices = report::open_sources(invocation);
    const profiles::Profile profile = profile_for(invocation, devices);
    nt::DiskSet disks(devices);
    const nt::Inspection inspection = nt::inspect(disks, assess::inspect_options(profile));
    const assess::Assessment assessment = assess::assess(inspection, profile);
    if (invocation.has("html"))
        report::write_report(invocation.get<std::string>("html"),
                             report::assessment_document(assessment, inspection, true));
    if (invocation.json)
        invocation.out << boost::json::serialize(assess::to_json(assessment)) << '\n';
    else
        invocation.out << report::render_text(report::assessment_document(assessment, inspection, false), 100,
                                              invocation.color);
    return exit_code(assessment.verdict);
}

} // namespace

Command assess_command() {
    Command command;
    command.name = "assess";
    command.summary = "tell whether a server can be moved and what stands in the way";
    command.synopsis = "SOURCE [--disk SOURCE]... [--profile NAME] [options]";
    command.description =
        "Inspects the disks and compares what is on them with a profile's machine. Each finding has a code, "
        "what was seen "
        "and where, why it matters and what to do. The verdict is one of: ready, ready with changes, needs a "
        "decision, "
        "cannot. It also says which driver files the machine needs and where they come from.\n\n"
        "Nothing is written to the disks. The exit code is 0 when nothing stands in the way, 3 when a "
        "decision or a file is "
        "missing, 4 when the server cannot be moved with this profile.";
    command.add_options = [](po::options_description& options) {
        add_profile_option(options);
        add_disk_option(options);
        options.add_options() //
            ("html", po::value<std::string>()->value_name("FILE"),
             "write findings and inspection as a printable page") //
            ("allow-busy", "read a block device that is mounted or in use");
    };
    command.positional = {{"source", 1}};
    command.examples = {{"ntferry assess disk0.vhd", "the verdict for the standard machine"},
                        {"ntferry assess disk0.vhd --profile nt4-mps --html report.html",
                         "for a machine with APIC, as a page to print"}};
    command.run = run;
    return command;
}

} // namespace ntferry::cli
