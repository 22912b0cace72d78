// ntferry convert
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/block/open.hpp"
#include "migrate/bundle/conversion.hpp"
#include "migrate/commands/commands.hpp"
#include "migrate/commands/image_support.hpp"
#include "migrate/commands/patch_support.hpp"
#include "migrate/report/conversion_document.hpp"

#include <fmt/ostream.h>

#include <filesystem>

namespace ntferry::cli {
namespace {

using Strings = std::vector<std::string>;

void add_options(po::options_description& options) {
    add_plan_options(options);
    add_disk_option(options);
    options.add_options()("output,o", po::value<std::string>()->value_name("BUNDLE"), "folder to make") //
        ("memory", po::value<std::string>()->value_name("SIZE"), "RAM of the machine, e.g. 128M")       //
        ("network", po::value<std::string>()->value_name("KIND")->default_value("isolated"),
         "of the machine's cards: isolated, nat, bridge:TAP")               //
        ("dry-run", "say what would be done; write nothing")                //
        ("resume", "go on with an interrupted conversion")                  //
        ("allow-dirty", "write to volumes that were not shut down cleanly") //
        ("no-boot", "no trial boot")                                        //
        ("boot", po::value<unsigned>()->value_name("SECONDS")->default_value(180),
         "how long the trial boot may take") //
        ("engine", po::value<std::string>()->value_name("NAME")->default_value("auto"),
         "of the trial boot: kvm, qemu, auto");
}

bundle::ConversionOptions options_of(const Invocation& invocation) {
    bundle::ConversionOptions options;
    options.sources = sources_of(invocation);
    if (invocation.has("output"))
        options.bundle = invocation.get<std::string>("output");
    else if (!invocation.has("dry-run"))
        throw Error("--output", "is missing", "-o BUNDLE names the folder to make", ErrorKind::usage);
    std::vector<block::SharedBlockDevice> disks;
    for (const std::string& source : options.sources)
        disks.emplace_back(block::open_disk(source));
    options.subject = std::make_shared<patch::Subject>(std::move(disks), options.sources.front());
    options.profile = choose_profile(invocation.get<std::string>("profile"), *options.subject);
    options.drivers = read_drivers(invocation);
    options.overrides = read_overrides(invocation);
    if (invocation.has("memory"))
        options.memory = parse_size(invocation.get<std::string>("memory"));
    options.network = bundle::parse_network(invocation.get<std::string>("network"));
    options.resume = invocation.has("resume");
    options.accept_findings = invocation.yes;
    options.allow_dirty = invocation.has("allow-dirty");
    options.boot = !invocation.has("no-boot");
    options.trial.limit = std::chrono::seconds(invocation.get<unsigned>("boot"));
    options.trial.engine = verify::engine_kind(invocation.get<std::string>("engine"));
    return options;
}

int run(Invocation& invocation) {
    bundle::ConversionOptions options = options_of(invocation);
    const std::string bundle = options.bundle;
    const std::string source = options.sources.front();
    const bundle::ConversionResult result =
        invocation.has("dry-run") ? bundle::preview(std::move(options), invocation.progress)
                                  : bundle::convert(std::move(options), invocation.progress, invocation.stop);
    // Refused conversions write nothing at all; an earlier one's report stays.
    const std::filesystem::path folder(bundle);
    const bool report = result.begun;
    if (report)
        report::write_conversion(result, bundle);
    if (invocation.json) {
        print_json(invocation.out, report::to_json(result));
    } else if (!invocation.quiet) {
        if (!report)
            invocation.out << report::render_text(report::conversion_document(result, bundle, false), 100,
                                                  invocation.color);
        if (result.trial)
            fmt::print(invocation.out, "{}", verify::trial_text(result.trial->last()));
        fmt::print(invocation.out, "{}: {}\n", bundle.empty() ? source : bundle, result.conclusion);
        if (report)
            for (const std::string& line : result.plan.not_done)
                fmt::print(invocation.out, "not done: {}\n", line);
        if (report)
            fmt::print(invocation.out, "The report is {}\n", (folder / "report.html").string());
    }
    return result.exit_code;
}

} // namespace

Command convert_command() {
    return {
        .name = "convert",
        .summary = "makes a bundle that runs from a server's disks",
        .synopsis = "SOURCE -o BUNDLE [--profile NAME] [--drivers DIR|ISO] [options]",
        .description =
            "One command for one server: inspects and assesses the disks, plans, captures them exactly, "
            "patches on overlays beside the captures, walks the boot chain, describes the machine, boots it "
            "on trial and writes report.html and report.json. BUNDLE is a folder that can be moved and "
            "renamed.\n\n"
            "The profile is chosen by what is on the disk. Another system than Windows NT 4.0 is carried: "
            "captured, given the profile of its family, patched by the rules that fit and by own actions, "
            "and what was not done is told.\n\n"
            "The sources are only read. Where something has to be decided or supplied first, the findings "
            "are told and nothing is written (exit code 3; --yes goes on where only findings stand in the "
            "way; driver files that --drivers brought are no open question); where a server cannot be "
            "converted, exit code 4. An interrupted conversion goes on with --resume. With --yes cures of "
            "machine.xml that are known and safe are tried when the trial boot fails.",
        .add_options = add_options,
        .positional = {{"source", 1}},
        .examples = {{"ntferry convert /dev/sdb -o server1 --drivers nt4cd.iso", "a disk of this machine"},
                     {"ntferry convert disk.img --drivers nt4cd.iso --drivers sp6a/ --dry-run -o server1",
                      "what would be done"},
                     {"ntferry convert --resume /dev/sdb -o server1 --drivers nt4cd.iso",
                      "after an interruption"}},
        .run = run};
}

} // namespace ntferry::cli
