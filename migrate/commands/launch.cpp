// ntferry launch
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/base/run_directory.hpp"
#include "migrate/commands/commands.hpp"
#include "migrate/commands/image_support.hpp"
#include "migrate/launch/bundle_files.hpp"
#include "migrate/launch/control_client.hpp"
#include "migrate/launch/first_screen.hpp"
#include "migrate/launch/move.hpp"
#include "migrate/launch/registry.hpp"
#include "migrate/launch/services.hpp"
#include "migrate/verify/trial.hpp"
#include "profiles/machine.hpp"
#include "profiles/profile.hpp"

#include <fmt/ostream.h>

#include <algorithm>
#include <filesystem>

namespace ntferry::cli {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

using Strings = std::vector<std::string>;

void add_options(po::options_description& options) {
    options.add_options()("host", po::value<std::string>()->value_name("HOST"),
                          "move the bundle to user@host[:FOLDER] or ssh://... and start it there") //
        ("back", "fetch the bundle back from where it was moved to, and start it here")            //
        ("name", po::value<std::string>()->value_name("NAME"),
         "of the machine, default: as machine.xml says")           //
        ("autostart", "start it with the host from now on")        //
        ("no-autostart", "do not start it with the host any more") //
        ("restart", po::value<std::string>()->value_name("WHEN"),
         "when it ended: no, on-failure (default) or always") //
        ("after", po::value<Strings>()->value_name("NAME")->composing(),
         "start after this machine of the host runs; may be repeated")                           //
        ("delay", po::value<unsigned>()->value_name("SECONDS"), "then wait so long")             //
        ("engine", po::value<std::string>()->value_name("NAME"), "kvm, qemu, or auto (default)") //
        ("vnc", po::value<std::string>()->value_name("ADDRESS"),
         "screen for viewers, as ntferry-vmm --vnc") //
        ("stop-wait", po::value<unsigned>()->value_name("SECONDS"),
         "how long the guest may take to shut down, default 120") //
        ("wait", po::value<unsigned>()->value_name("SECONDS")->default_value(120),
         "how long to wait for its first screen")                                      //
        ("background", "as a background process, also where systemd runs")             //
        ("no-start", "only register it, or only move it")                              //
        ("all", "start all machines of this host that have autostart, in their order") //
        ("remote-program", po::value<std::string>()->value_name("PROGRAM")->default_value("ntferry"),
         "ntferry on the other host");
}

void apply(const Invocation& invocation, launch::LaunchSettings& settings) {
    if (invocation.has("name"))
        settings.name = invocation.get<std::string>("name");
    if (invocation.has("autostart") && invocation.has("no-autostart"))
        throw Error("--autostart", "does not go with --no-autostart", {}, ErrorKind::usage);
    if (invocation.has("autostart") || invocation.has("no-autostart"))
        settings.autostart = invocation.has("autostart");
    if (invocation.has("restart"))
        settings.restart = launch::restart_of(invocation.get<std::string>("restart"));
    if (invocation.has("after"))
        settings.after = invocation.get<Strings>("after");
    if (invocation.has("delay"))
        settings.delay = invocation.get<unsigned>("delay");
    if (invocation.has("stop-wait"))
        settings.stop_wait = invocation.get<unsigned>("stop-wait");
    if (invocation.has("vnc"))
        settings.vnc = invocation.get<std::string>("vnc");
    if (invocation.has("engine")) {
        settings.engine = invocation.get<std::string>("engine");
        static_cast<void>(verify::engine_kind(settings.engine));
    }
}

std::uint64_t memory_of(const std::string& bundle) {
    const profiles::MachineDescription machine =
        profiles::load_machine((fs::path(bundle) / "machine.xml").string());
    return machine.memory != 0 ? machine.memory
                               : profiles::find_profile(machine.profile).limits.memory_default;
}

/// Says what is not good; what is bad stops, unless --yes.
void judge(const Invocation& invocation, const std::vector<launch::Check>& checks, const std::string& where) {
    for (const launch::Check& check : checks)
        if (check.verdict != launch::Verdict::good)
            invocation.progress.note(fmt::format("{}: {}: {}; {}", where, launch::to_string(check.verdict),
                                                 check.says, check.remedy));
    const auto bad = std::find_if(checks.begin(), checks.end(), [](const launch::Check& check) {
        return check.verdict == launch::Verdict::bad;
    });
    if (bad != checks.end() && !invocation.yes)
        throw Error(where, bad->says, bad->remedy.empty() ? "--yes goes on nevertheless" : bad->remedy,
                    ErrorKind::unsupported);
}

bool is_running(const std::string& name) {
    try {
        launch::ControlClient client(control_socket_of(name),
                                     {std::chrono::milliseconds(0), std::chrono::seconds(5)});
        client.run("query-status");
        return true;
    } catch (const Error&) {
        return false;
    }
}

int launch_here(Invocation& invocation, const std::string& bundle) {
    launch::require_runnable(bundle);
    launch::LaunchSettings settings = launch::load_settings(bundle);
    apply(invocation, settings);
    const std::string name = launch::machine_name(bundle, settings);
    launch::Registry().add(name, bundle);
    launch::save_settings(bundle, settings);
    const std::unique_ptr<launch::Services> services =
        invocation.has("background") ? launch::background_services() : launch::services_of_this_host();
    services->set_up(name, settings);
    json::object result{{"name", name}, {"bundle", bundle}, {"services", services->name()}};
    if (invocation.has("no-start")) {
        result["started"] = false;
        print_result(invocation, result,
                     fmt::format("{}: registered; 'ntferry launch {}' starts it", name, name));
        return 0;
    }
    launch::DoctorOptions wishes;
    wishes.folder = bundle;
    wishes.memory = memory_of(bundle);
    wishes.space = 0;
    judge(invocation, launch::examine_host(wishes), "this host");
    if (!is_running(name))
        services->start(name, bundle);
    const std::chrono::seconds limit(invocation.get<unsigned>("wait") + settings.delay);
    const launch::FirstScreen screen = launch::wait_for_first_screen(
        name, (fs::path(bundle) / "logs/launch.log").string(), limit, invocation.stop);
    result["started"] = true;
    result["screen"] = screen.says;
    result["seen"] = screen.seen;
    print_result(invocation, result,
                 screen.seen
                     ? fmt::format("{}: runs ({}), its screen says: {}", name, services->name(), screen.says)
                     : fmt::format("{}: runs ({}), its screen is empty so far", name, services->name()));
    return 0;
}

/// Options that the other side's launch gets.
Strings handed_on(const Invocation& invocation) {
    Strings words;
    for (const char* flag : {"autostart", "no-autostart", "no-start", "background", "yes"})
        if (invocation.has(flag))
            words.push_back(std::string("--") + flag);
    for (const char* option : {"name", "restart", "engine", "vnc"})
        if (invocation.has(option))
            words.insert(words.end(), {std::string("--") + option, invocation.get<std::string>(option)});
    for (const char* option : {"delay", "stop-wait", "wait"})
        if (invocation.has(option))
            words.insert(words.end(),
                         {std::string("--") + option, std::to_string(invocation.get<unsigned>(option))});
    if (invocation.has("after"))
        for (const std::string& other : invocation.get<Strings>("after"))
            words.insert(words.end(), {"--after", other});
    return words;
}

int launch_there(Invocation& invocation, const std::string& bundle) {
    launch::RemoteHost host = launch::parse_host(invocation.get<std::string>("host"));
    host.program = invocation.get<std::string>("remote-program");
    std::string folder;
    launch::TransferCounts counts;
    const auto away = launch::moved_to(bundle);
    if (away && away->host == host.address) {
        folder = away->folder; // it is there already; only the start is missing
    } else {
        launch::require_runnable(bundle);
        launch::LaunchSettings settings = launch::load_settings(bundle);
        folder = host.folder + "/" + launch::machine_name(bundle, settings);
        std::uint64_t space = 0;
        for (const launch::BundleFile& file : launch::bundle_files(bundle))
            space += file.size;
        judge(invocation, launch::examine_remote(host, memory_of(bundle), space), host.address);
        counts = launch::move_to(host, bundle, folder, invocation.progress, invocation.stop);
        launch::Registry().add_host(host.address);
    }
    Strings words = {"launch", folder, "--json", "--quiet"};
    const Strings more = handed_on(invocation);
    words.insert(words.end(), more.begin(), more.end());
    const std::string answer = host.ask(words);
    json::error_code error;
    json::value there = json::parse(answer, error);
    json::object result = !error && there.is_object() ? there.as_object() : json::object{{"bundle", folder}};
    result["host"] = host.address;
    result["bytes"] = counts.bytes;
    result["sent_bytes"] = counts.sent;
    const auto text = [&](const char* name) {
        const auto* value = result.if_contains(name);
        return value != nullptr && value->is_string() ? std::string(value->as_string().c_str())
                                                      : std::string();
    };
    print_result(invocation, result,
                 fmt::format("{}: on {} ({} sent){}", text("name"), host.address, describe_size(counts.sent),
                             text("screen").empty() ? "" : ", its screen says: " + text("screen")));
    return 0;
}

/// Machines with autostart, those that others come after first.
int launch_all(Invocation& invocation) {
    json::array started;
    std::vector<std::pair<std::string, std::string>> waiting;
    for (const launch::RegisteredMachine& machine : launch::Registry().machines())
        if (!launch::moved_to(machine.bundle) && launch::load_settings(machine.bundle).autostart)
            waiting.emplace_back(machine.name, machine.bundle);
    const std::unique_ptr<launch::Services> services = launch::services_of_this_host();
    int code = 0;
    for (const auto& [name, bundle] : waiting) {
        // Each waits for those it comes after by itself.
        try {
            services->start(name, bundle);
            started.push_back(json::value(name));
            if (!invocation.json && !invocation.quiet)
                fmt::print(invocation.out, "{}: started\n", name);
        } catch (const Error& error) {
            fmt::print(invocation.err, "ntferry: launch: {}\n", error.within(name).what());
            code = 1;
        }
    }
    if (invocation.json)
        print_json(invocation.out, started);
    return code;
}

int run(Invocation& invocation) {
    if (invocation.has("all"))
        return launch_all(invocation);
    const std::string bundle = launch::Registry().bundle_of(required(invocation, "bundle"));
    if (invocation.has("host") && invocation.has("back"))
        throw Error("--back", "does not go with --host", "the bundle knows where it is", ErrorKind::usage);
    if (invocation.has("host"))
        return launch_there(invocation, bundle);
    if (invocation.has("back")) {
        std::error_code ignored;
        if (launch::moved_to(bundle) || fs::exists(fs::path(bundle) / launch::incoming_file, ignored))
            launch::move_back(bundle, invocation.progress);
    }
    return launch_here(invocation, bundle);
}

} // namespace

Command launch_command() {
    return {
        .name = "launch",
        .summary = "starts a bundle's machine for good, here or on another host",
        .synopsis = "BUNDLE|NAME [--host user@host] [options]",
        .description =
            "Registers the machine on the host ('ntferry list'), checks the host ('ntferry doctor'), starts "
            "it as "
            "the service ntferry@NAME where systemd runs the host and as a background process where not, and "
            "waits for its first screen. The settings are kept in launch.json and move with the bundle. "
            "Where "
            "there is no systemd, 'ntferry launch --all' at boot starts the machines that have autostart.\n\n"
            "With --host the bundle is moved first: over ssh, only with ntferry on the other side; zeros and "
            "what is there already are not sent; every piece is compared by SHA-256 and the captures by "
            "their "
            "manifests. When that is interrupted, the same command goes on from there. The bundle here then "
            "says where it is and does not start any more; --back stops it there, fetches what has changed "
            "and "
            "starts it here.\n\n"
            "The exit code is 4 when the host cannot run machines (--yes goes on).",
        .add_options = add_options,
        .positional = {{"bundle", 1}},
        .examples = {{"ntferry launch server1/ --autostart", "from now on with this host"},
                     {"ntferry launch server1/ --host root@newhost:/srv/nt", "on the new host"},
                     {"ntferry launch bdc1/ --after PDC --delay 60 --restart always",
                      "a minute after its PDC runs"},
                     {"ntferry launch server1/ --back", "back to this host"}},
        .run = run};
}

} // namespace ntferry::cli
