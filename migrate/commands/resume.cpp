// ntferry resume
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/base/error.hpp"
#include "migrate/commands/commands.hpp"
#include "migrate/commands/image_support.hpp"
#include "migrate/launch/first_screen.hpp"
#include "migrate/launch/registry.hpp"
#include "migrate/launch/runner.hpp"
#include "migrate/launch/services.hpp"

#include <fmt/chrono.h>
#include <fmt/ostream.h>

#include <filesystem>

#include <sys/stat.h>

namespace ntferry::cli {
namespace {

namespace fs = std::filesystem;

constexpr unsigned DEFAULT_WAIT_SECONDS = 120;

int list_states(Invocation& invocation) {
    boost::json::array rows;
    for (const launch::RegisteredMachine& machine : launch::Registry().machines()) {
        const std::string file = launch::saved_state_of(machine.bundle);
        struct stat info {};
        if (::stat(file.c_str(), &info) != 0)
            continue;
        rows.push_back(boost::json::object{
            {"name", machine.name}, {"file", file}, {"size", info.st_size}, {"saved", info.st_mtime}});
        if (!invocation.json)
            fmt::print(invocation.out, "{:20} {:%Y-%m-%d %H:%M} {:>8}  {}\n", machine.name,
                       fmt::localtime(info.st_mtime), describe_size(static_cast<std::uint64_t>(info.st_size)),
                       file);
    }
    if (invocation.json)
        print_json(invocation.out, rows);
    else if (rows.empty() && !invocation.quiet)
        fmt::print(invocation.err, "no machine is saved\n");
    return 0;
}

int run_resume(Invocation& invocation) {
    if (!invocation.has("machine"))
        return list_states(invocation);
    launch::Registry registry;
    const std::string bundle = registry.bundle_of(invocation.get<std::string>("machine"));
    const std::string name = launch::machine_name(bundle, launch::load_settings(bundle));
    const std::string file = launch::saved_state_of(bundle);
    if (!fs::exists(file))
        throw Error(name, "is not saved", fmt::format("'ntferry launch {}' starts it", name),
                    ErrorKind::usage);
    if (invocation.has("discard")) {
        fs::remove(file);
        print_result(invocation, boost::json::object{{"name", name}, {"discarded", file}},
                     fmt::format("{}: the saved state is gone; it starts anew, as after a power cut", name));
        return 0;
    }
    if (invocation.has("foreground"))
        return launch::run_machine(bundle, invocation.progress, invocation.stop);
    launch::require_runnable(bundle);
    registry.add(name, bundle);
    const std::unique_ptr<launch::Services> services = launch::services_of_this_host();
    services->start(name, bundle);
    const launch::FirstScreen screen = launch::wait_for_first_screen(
        name, (fs::path(bundle) / "logs/launch.log").string(),
        std::chrono::seconds(invocation.get<unsigned>("wait")), invocation.stop);
    print_result(
        invocation,
        boost::json::object{
            {"name", name}, {"bundle", bundle}, {"services", services->name()}, {"screen", screen.says}},
        fmt::format("{}: goes on ({}){}", name, services->name(),
                    screen.seen ? ", its screen says: " + screen.says : std::string()));
    return 0;
}

} // namespace

Command resume_command() {
    return {
        .name = "resume",
        .summary = "lets saved machines go on where they were, or lists them",
        .synopsis = "[NAME|BUNDLE] [options]",
        .description =
            "What 'ntferry save' has put into the machine's state folder (state/saved.state of its bundle) "
            "is "
            "loaded, and the guest goes on as if nothing had been. 'ntferry launch', 'ntferry run' and the "
            "machine's service do the same when there is a saved state. The state is removed once the "
            "machine "
            "runs: from then on its disks change, and it would not fit any more.\n\n"
            "A state that does not fit (another profile, other memory, disks that somebody has written to) "
            "is "
            "refused, and the machine does not start: fetch the disks back, or give the state up with "
            "--discard. Without NAME the saved machines of this host are listed.",
        .add_options =
            [](po::options_description& options) {
                options.add_options()("discard", "remove the saved state: the machine starts anew") //
                    ("foreground", "as 'ntferry run'")                                              //
                    ("wait",
                     po::value<unsigned>()->value_name("SECONDS")->default_value(DEFAULT_WAIT_SECONDS),
                     "how long to wait for its screen");
            },
        .positional = {{"machine", 1}},
        .examples = {{"ntferry resume", "which machines are saved, since when"},
                     {"ntferry resume payroll", "goes on where it was saved"}},
        .run = run_resume};
}

} // namespace ntferry::cli
