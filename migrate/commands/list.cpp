// ntferry list
// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/launch/registry.hpp"

#include "converter/base/run_directory.hpp"
#include "migrate/commands/commands.hpp"
#include "migrate/commands/image_support.hpp"
#include "migrate/launch/control_client.hpp"
#include "migrate/launch/remote.hpp"
#include "migrate/launch/settings.hpp"

#include <fmt/ostream.h>

#include <algorithm>
#include <array>
#include <filesystem>

namespace ntferry::cli {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;

using Strings = std::vector<std::string>;

std::string status_of(const launch::RegisteredMachine& machine) {
    std::error_code ignored;
    if (!std::filesystem::exists(std::filesystem::path(machine.bundle) / "machine.xml", ignored))
        return "its bundle is gone";
    if (const auto to = launch::moved_to(machine.bundle))
        return "moved to " + to->host;
    try {
        launch::ControlClient client(control_socket_of(machine.name), {0ms, 5s});
        return client.run("query-status").at("status").as_string().c_str();
    } catch (const std::exception&) {
        return "stopped";
    }
}

json::array local_rows() {
    json::array rows;
    for (const launch::RegisteredMachine& machine : launch::Registry().machines()) {
        launch::LaunchSettings settings;
        try {
            settings = launch::load_settings(machine.bundle);
        } catch (const Error&) {
            // What is damaged is told by 'ntferry launch'.
        }
        rows.push_back(json::object{{"name", machine.name},
                                    {"host", "local"},
                                    {"status", status_of(machine)},
                                    {"autostart", settings.autostart},
                                    {"restart", launch::to_string(settings.restart)},
                                    {"after", json::value_from(settings.after)},
                                    {"delay", settings.delay},
                                    {"bundle", machine.bundle}});
    }
    return rows;
}

json::array remote_rows(const std::string& address, const std::string& program) {
    try {
        launch::RemoteHost host = launch::parse_host(address);
        host.program = program;
        const cli::ProcessResult result = host.run({"list", "--json", "--local"}, 20s);
        json::error_code error;
        json::value rows = json::parse(result.out, error);
        if (!error && rows.is_array()) {
            for (json::value& row : rows.as_array())
                if (row.is_object())
                    row.as_object()["host"] = address;
            return std::move(rows.as_array());
        }
        return {json::object{{"name", ""}, {"host", address}, {"status", "its ntferry does not answer"}}};
    } catch (const Error& error) {
        return {json::object{{"name", ""}, {"host", address}, {"status", error.problem()}}};
    }
}

std::string text(const json::value& row, const char* name) {
    const auto* value = row.is_object() ? row.as_object().if_contains(name) : nullptr;
    return value != nullptr && value->is_string() ? std::string(value->as_string().c_str()) : std::string();
}

int run(Invocation& invocation) {
    json::array rows = local_rows();
    if (!invocation.has("local")) {
        Strings hosts = launch::Registry().hosts();
        if (invocation.has("host"))
            for (const std::string& host : invocation.get<Strings>("host"))
                if (std::find(hosts.begin(), hosts.end(), host) == hosts.end())
                    hosts.push_back(host);
        for (const std::string& host : hosts)
            for (json::value& row : remote_rows(host, invocation.get<std::string>("remote-program")))
                rows.push_back(std::move(row));
    }
    if (invocation.json) {
        print_json(invocation.out, rows);
        return 0;
    }
    if (rows.empty() && !invocation.quiet)
        fmt::print(invocation.err, "no machines; 'ntferry launch BUNDLE' adds one\n");
    std::array<std::size_t, 3> widths{20, 12, 8};
    constexpr std::array columns{"name", "host", "status", "bundle"};
    for (const json::value& row : rows)
        for (std::size_t i = 0; i < widths.size(); ++i)
            widths[i] = std::max(widths[i], text(row, columns[i]).size());
    for (const json::value& row : rows)
        fmt::print(invocation.out, "{:{}} {:{}} {:{}} {}\n", text(row, columns[0]), widths[0],
                   text(row, columns[1]), widths[1], text(row, columns[2]), widths[2], text(row, columns[3]));
    return 0;
}

} // namespace

Command list_command() {
    return {.name = "list",
            .summary = "lists the machines of this host and of those that were launched to",
            .synopsis = "[--host user@host]... [options]",
            .description =
                "Name, host, state and bundle of every machine that 'ntferry launch' registered, running or "
                "not. Other hosts are asked over ssh; one that cannot be reached is a line that says so.",
            .add_options =
                [](po::options_description& options) {
                    options.add_options()("local", "only this host") //
                        ("host", po::value<Strings>()->value_name("HOST")->composing(),
                         "ask this host, too") //
                        ("remote-program",
                         po::value<std::string>()->value_name("PROGRAM")->default_value("ntferry"),
                         "ntferry on the other hosts");
                },
            .positional = {},
            .examples = {{"ntferry list", "all machines on all known hosts"},
                         {"ntferry list --json --local", "for programs"}},
            .run = run};
}

} // namespace ntferry::cli
