// ntferry doctor
// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/launch/doctor.hpp"

#include "migrate/commands/commands.hpp"
#include "migrate/commands/image_support.hpp"

#include <fmt/ostream.h>

namespace ntferry::cli {
namespace {

namespace json = boost::json;

void add_options(po::options_description& options) {
    options.add_options()("folder", po::value<std::string>()->value_name("DIR")->default_value("."),
                          "where bundles are kept") //
        ("memory", po::value<std::string>()->value_name("SIZE")->default_value("256M"),
         "memory of the machine that is to run here") //
        ("space", po::value<std::string>()->value_name("SIZE")->default_value("4G"),
         "free space that is wanted");
}

const char* mark(launch::Verdict verdict, bool color) {
    switch (verdict) {
    case launch::Verdict::good:
        return color ? "\033[32mgood\033[0m   " : "good   ";
    case launch::Verdict::warning:
        return color ? "\033[33mwarning\033[0m" : "warning";
    default:
        return color ? "\033[31mbad\033[0m    " : "bad    ";
    }
}

int run(Invocation& invocation) {
    launch::DoctorOptions options;
    options.folder = invocation.get<std::string>("folder");
    options.memory = parse_size(invocation.get<std::string>("memory"));
    options.space = parse_size(invocation.get<std::string>("space"));
    const std::vector<launch::Check> checks = launch::examine_host(options);
    const launch::Verdict verdict = launch::worst(checks);
    json::array list;
    for (const launch::Check& check : checks) {
        if (invocation.json) {
            list.push_back(json::object{{"check", check.name},
                                        {"verdict", launch::to_string(check.verdict)},
                                        {"says", check.says},
                                        {"remedy", check.remedy}});
            continue;
        }
        fmt::print(invocation.out, "{}  {}\n", mark(check.verdict, invocation.color), check.says);
        if (!check.remedy.empty())
            fmt::print(invocation.out, "         {}\n", check.remedy);
    }
    if (invocation.json)
        print_json(invocation.out, json::object{{"verdict", launch::to_string(verdict)}, {"checks", list}});
    return verdict == launch::Verdict::bad ? static_cast<int>(ErrorKind::unsupported) : 0;
}

} // namespace

Command doctor_command() {
    return {.name = "doctor",
            .summary = "checks whether this host can run and convert machines",
            .synopsis = "[options]",
            .description =
                "Looks at KVM (by running a few instructions in a throw-away machine, because no "
                "capability says whether guests can page), the firmware files, memory, space, "
                "permissions, the clock and the programs that other commands call, and says in a "
                "sentence what is wrong and what to do.\n\n"
                "The exit code is 0 when machines run here, perhaps slowly, and 4 when they do not.",
            .add_options = add_options,
            .positional = {},
            .examples = {{"ntferry doctor", "checks this host"},
                         {"ntferry doctor --folder /srv/nt --memory 512M", "for bundles in /srv/nt"}},
            .run = run};
}

} // namespace ntferry::cli
