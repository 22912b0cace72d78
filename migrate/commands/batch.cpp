// ntferry batch, ntferry batch status, ntferry batch job
// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/batch/runner.hpp"
#include "migrate/batch/slurm.hpp"
#include "migrate/batch/summary.hpp"

#include "migrate/cli/process.hpp"
#include "migrate/commands/commands.hpp"
#include "migrate/commands/image_support.hpp"

#include <fmt/ostream.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <thread>

namespace ntferry::cli {
namespace {

using namespace batch;

Layout layout_of(const Invocation& invocation, const Fleet& fleet) {
    const std::string output =
        invocation.has("output") ? invocation.get<std::string>("output") : fleet.output;
    if (output.empty())
        throw Error("--output", "is missing", "say where the bundles go", ErrorKind::usage);
    return {std::filesystem::absolute(output).lexically_normal().string()};
}

std::vector<std::string> program_of(const Invocation& invocation) {
    if (invocation.has("program"))
        return {invocation.get<std::string>("program")};
    return {own_program()};
}

void add_batch_options(po::options_description& options) {
    options.add_options()("output,o", po::value<std::string>()->value_name("DIR"),
                          "folder of the bundles, default: what FLEET says")                          //
        ("jobs", po::value<unsigned>()->value_name("N"), "jobs at a time instead of what FLEET says") //
        ("engine", po::value<std::string>()->value_name("NAME")->default_value("local"),
         "local, or slurm: a Slurm array over hosts that share DIR")            //
        ("partition", po::value<std::string>()->value_name("NAME"), "of Slurm") //
        ("retry-failed", "try again what failed in an earlier run")             //
        ("check", "read FLEET, print it as XML (--json: as JSON) and end")      //
        ("program", po::value<std::string>()->value_name("FILE"),
         "run 'FILE convert' instead of this program");
}

int run_batch(Invocation& invocation) {
    Fleet fleet = load_fleet(required(invocation, "fleet"));
    if (invocation.has("jobs"))
        fleet.limits.jobs = std::max(1U, invocation.get<unsigned>("jobs"));
    if (invocation.has("check")) {
        invocation.out << (invocation.json ? fleet_json(fleet) + "\n" : fleet_xml(fleet));
        return 0;
    }
    const std::string engine = invocation.get<std::string>("engine");
    if (engine != "local" && engine != "slurm")
        throw Error("--engine", engine, "allowed: local, slurm", ErrorKind::usage);
    const Layout layout = layout_of(invocation, fleet);
    std::filesystem::create_directories(layout.folder());
    const std::optional<FileLock> lock = FileLock::take(layout.lock());
    if (!lock)
        throw Error(layout.output, "another batch is at work there", "see 'ntferry batch status'",
                    ErrorKind::decision);
    Journal journal(layout.journal(), Journal::Mode::write);
    prepare(fleet, layout, journal, invocation.has("retry-failed"));
    const auto summarise = [&] { write_summary(journal.jobs(), layout); };
    try {
        if (engine == "slurm") {
            // Tasks read this copy, so that a change of FLEET meanwhile does not reach them.
            write_file(layout.fleet(), fleet_xml(fleet));
            SlurmOptions options;
            if (invocation.has("partition"))
                options.partition = invocation.get<std::string>("partition");
            options.batch_job = {own_program(), "batch", "job", layout.fleet(), "--output", layout.output};
            if (invocation.has("program"))
                options.batch_job.insert(
                    options.batch_job.end(),
                    {"--program", std::filesystem::absolute(program_of(invocation)[0]).string()});
            run_slurm(fleet, layout, journal, options, invocation.progress, invocation.stop);
        } else {
            RunOptions options;
            options.program = program_of(invocation);
            run_jobs(fleet, layout, journal, options, invocation.progress, invocation.stop);
        }
    } catch (const Interrupted&) {
        summarise();
        throw;
    }
    summarise();
    const std::vector<JobRecord> jobs = journal.jobs();
    const Counts counts = count(jobs);
    if (invocation.json) {
        invocation.out << summary_json(jobs) << '\n';
    } else {
        if (!invocation.quiet)
            fmt::print(invocation.out, "{}\n", sentence(counts));
        for (const JobRecord& job : jobs)
            if (job.state == JobState::failed || job.state == JobState::skipped)
                fmt::print(invocation.out, "{}: {}\n", job.name, job.message);
        if (!invocation.quiet)
            fmt::print(invocation.out, "details: {}\n", layout.summary("html"));
    }
    return exit_code_of(counts);
}

void add_status_options(po::options_description& options) {
    options.add_options()("watch", "repaint every second until the batch has ended");
}

int run_status(Invocation& invocation) {
    const Layout layout{
        std::filesystem::absolute(required(invocation, "output")).lexically_normal().string()};
    if (!std::filesystem::exists(layout.journal()))
        throw Error(layout.output, "no batch was run there", "name the folder of the bundles",
                    ErrorKind::usage);
    const Journal journal(layout.journal(), Journal::Mode::read);
    const bool watch = invocation.has("watch");
    while (true) {
        const std::vector<JobRecord> jobs = journal.jobs();
        if (invocation.json) {
            invocation.out << summary_json(jobs) << std::endl;
        } else {
            if (watch && invocation.color)
                invocation.out << "\033[H\033[2J";
            invocation.out << status_table(jobs, layout, watch ? 21 : 0) << std::flush;
        }
        const Counts counts = count(jobs);
        if (!watch || counts.waiting + counts.running == 0)
            return exit_code_of(counts);
        std::this_thread::sleep_for(std::chrono::seconds(1));
        if (invocation.stop.stop_requested())
            throw Interrupted(layout.output, "the batch goes on; only this view ended");
    }
}

void add_job_options(po::options_description& options) {
    options.add_options()("output,o", po::value<std::string>()->value_name("DIR"), "folder of the bundles") //
        ("index", po::value<std::size_t>()->value_name("N"), "position in FLEET, from 0")                   //
        ("program", po::value<std::string>()->value_name("FILE"),
         "run 'FILE convert' instead of this program");
}

int run_job(Invocation& invocation) {
    const Fleet fleet = load_fleet(required(invocation, "fleet"));
    const Layout layout = layout_of(invocation, fleet);
    if (!invocation.has("index") || invocation.get<std::size_t>("index") >= fleet.servers.size())
        throw Error("--index", "names no server of the fleet", {}, ErrorKind::usage);
    const Server& server = fleet.servers[invocation.get<std::size_t>("index")];
    std::filesystem::create_directories(layout.folder());
    std::optional<FileLock> lock = FileLock::take(layout.job_lock(server.name));
    while (!lock) { // a task of a batch that was killed is still at it
        if (invocation.stop.stop_requested())
            throw Interrupted(server.name);
        std::this_thread::sleep_for(std::chrono::milliseconds(500));
        auto next = FileLock::take(layout.job_lock(server.name));
        if (next)
            lock.emplace(std::move(*next));
    }
    const pid_t pid = start_process(job_command(server, layout, program_of(invocation)),
                                    {.output = layout.result(server.name),
                                     .error = layout.log(server.name),
                                     .keep_fd = lock->fd(),
                                     .ends_with_parent = true});
    std::optional<int> code;
    for (bool asked = false; !(code = poll_process(pid));) {
        if (invocation.stop.stop_requested() && !asked) {
            ::kill(pid, SIGTERM);
            asked = true;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    write_file(layout.end_file(server.name), fmt::format("{}\n", *code));
    print_result(invocation,
                 boost::json::object{
                     {"server", server.name}, {"bundle", layout.bundle(server.name)}, {"exit_code", *code}},
                 {});
    return *code;
}

} // namespace

Command batch_command() {
    return {
        .name = "batch",
        .summary = "converts many servers",
        .synopsis = "FLEET.xml|FLEET.csv [-o DIR] [options]",
        .description =
            "FLEET names servers and where their disks are, with defaults, what each needs beside them, "
            "and which wait for others (a PDC before its BDCs). Each is converted by 'ntferry convert' as a "
            "process of its own, within the limits on jobs, disks and network; its log is in DIR/.batch. "
            "One that fails is tried again as often as FLEET says and never stops others, except those that "
            "wait for it.\n\n"
            "A list from a spreadsheet (CSV) has one server in each line and names its columns in the first: "
            "name, source, after, profile, drivers, retries, and options of 'ntferry convert' without their "
            "dashes (memory, network, setting and so on). Several disks, names or media in one cell have "
            "blanks between them; an empty cell takes the default. --check prints such a list as XML, where "
            "there are also limits, defaults, and paths with blanks in them; fleet.xsd in share/ntferry is "
            "its schema.\n\n"
            "A batch that was interrupted, killed or cut off by a reboot goes on when the same command is "
            "given again. summary.html, summary.csv and summary.json in DIR say what became of every "
            "server.\n\n"
            "The exit code says how many failed: 0 none, 101 one, 102 two, and so on; 125 stands for 25 or "
            "more. "
            "Lower codes are those of every command: then the batch itself could not be run.",
        .add_options = add_batch_options,
        .positional = {{"fleet", 1}},
        .examples =
            {{"printf '%s\\n' name,source,after,drivers PDC,pdc.img,,nt4cd.iso BDC,bdc.img,PDC,nt4cd.iso "
              ">fleet.csv; ntferry batch fleet.csv -o /srv/nt",
              "a PDC, then its BDC"},
             {"ntferry batch fleet.xml -o /srv/nt", "converts all servers of the list"},
             {"ntferry batch fleet.csv --check", "what a spreadsheet's list means, as XML"},
             {"ntferry batch fleet.xml -o /shared/nt --engine slurm", "on all hosts of a cluster"}},
        .run = run_batch};
}

Command batch_status_command() {
    return {
        .name = "batch status",
        .summary = "shows how far a batch is",
        .synopsis = "DIR [--watch] [options]",
        .description =
            "DIR is the folder of the bundles. The exit code says how many servers have failed, as that of "
            "'ntferry batch' does: 0 none, 101 one, 125 stands for 25 or more.",
        .add_options = add_status_options,
        .positional = {{"output", 1}},
        .examples = {{"ntferry batch status /srv/nt --watch", "a view that follows the batch"}},
        .run = run_status};
}

Command batch_job_command() {
    return {.name = "batch job",
            .summary = "converts one server of a fleet, as a task of Slurm does",
            .synopsis = "FLEET.xml -o DIR --index N [options]",
            .description =
                "What 'ntferry batch --engine slurm' submits. Its exit code is that of the conversion.",
            .add_options = add_job_options,
            .positional = {{"fleet", 1}},
            .examples = {{"ntferry batch job fleet.xml -o /srv/nt --index 0", "the first server alone"}},
            .run = run_job};
}

} // namespace ntferry::cli
