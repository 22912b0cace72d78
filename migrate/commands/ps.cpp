// ntferry ps
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/base/error.hpp"
#include "migrate/commands/commands.hpp"
#include "migrate/commands/image_support.hpp"
#include "migrate/launch/control_client.hpp"
#include "profiles/print.hpp"
#include "profiles/xml_file.hpp"

#include <fmt/ostream.h>

namespace ntferry::cli {
namespace {

std::uint64_t number(const boost::json::object& report, const char* name) {
    const boost::json::value* value = report.if_contains(name);
    return value != nullptr && value->is_number() ? value->to_number<std::uint64_t>() : 0;
}

/// What ntferry-resources says; nothing from a machine of QEMU's.
boost::json::object resources_of(launch::ControlClient& client) {
    try {
        return client.run("ntferry-resources").as_object();
    } catch (const Error&) {
        return {};
    }
}

std::string limits_of(const boost::json::object& report) {
    profiles::ResourceSpec limits;
    limits.cpu_weight = static_cast<unsigned>(number(report, "cpu-weight"));
    limits.cpu_cap_percent = static_cast<unsigned>(number(report, "cpu-cap-percent"));
    limits.cpu_reserve_percent = static_cast<unsigned>(number(report, "cpu-reserve-percent"));
    limits.memory_ceiling = number(report, "memory-ceiling");
    limits.disk_bytes_per_second = number(report, "disk-bytes-per-second");
    limits.disk_operations_per_second =
        static_cast<std::uint32_t>(number(report, "disk-operations-per-second"));
    std::string text = profiles::limits_text(limits);
    const boost::json::value* in_force = report.if_contains("limits");
    if (in_force != nullptr && in_force->is_string() &&
        in_force->as_string().find("not in force") != std::string::npos)
        text += " (not all in force)";
    return text.empty() ? "no limits" : text;
}

int run_ps(Invocation& invocation) {
    boost::json::array rows;
    for (const launch::FoundMachine& machine : launch::find_machines()) {
        std::string state;
        boost::json::object resources;
        try {
            launch::ControlClient client(machine.socket);
            state = client.run("query-status").as_object().at("status").as_string().c_str();
            resources = resources_of(client);
        } catch (const Error& error) {
            state = std::string("gone: ") + error.problem(); // a socket that a killed process left behind
        }
        if (!invocation.json) {
            fmt::print(invocation.out, "{:20} {:12} {}\n", machine.name, state, machine.socket);
            if (!resources.empty()) {
                const boost::json::value& seconds = resources["cpu-seconds"];
                fmt::print(invocation.out, "{:20} {} RAM, {:.1f} s of CPU time, {}\n", "",
                           profiles::format_size(number(resources, "memory")),
                           seconds.is_number() ? seconds.to_number<double>() : 0.0, limits_of(resources));
            }
        }
        rows.push_back(boost::json::object{{"name", machine.name},
                                           {"status", state},
                                           {"control", machine.socket},
                                           {"resources", std::move(resources)}});
    }
    if (invocation.json)
        print_json(invocation.out, rows);
    else if (rows.empty() && !invocation.quiet)
        fmt::print(invocation.err, "no machine runs\n");
    return 0;
}

} // namespace

Command ps_command() {
    return {
        .name = "ps",
        .summary = "lists running machines",
        .synopsis = "[options]",
        .description =
            "Machines of this user: those with a control socket in $XDG_RUNTIME_DIR/ntferry, or in "
            "/run/ntferry. Below each what it may use and has used: RAM, CPU time, and the limits of its "
            "machine.xml "
            "(<resources>) or of 'ntferry-vmm --limit'; --json says of each limit whether it is in force.",
        .add_options = {},
        .positional = {},
        .examples = {{"ntferry ps", "names and states"}},
        .run = run_ps};
}

} // namespace ntferry::cli
