// ntferry snapshot create, list, revert, delete
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/base/error.hpp"
#include "migrate/commands/commands.hpp"
#include "migrate/commands/image_support.hpp"
#include "migrate/commands/running_machine.hpp"

#include <fmt/chrono.h>
#include <fmt/ostream.h>

namespace ntferry::cli {
namespace {

/// @param done what it is called in the result: {"created": "before-sp6"}
int run_named(Invocation& invocation, std::string_view command, const char* done) {
    launch::ControlClient client = connect(invocation);
    const std::string name = argument_after_name(invocation, "snapshot");
    if (name.empty())
        throw Error("snapshot", "no snapshot was named", "NAME SNAPSHOT", ErrorKind::usage);
    boost::json::value answer = client.run(command, {{"name", name}});
    boost::json::object result{{done, name}};
    if (answer.is_object())
        for (const auto& [key, value] : answer.get_object())
            result[key] = value;
    print_result(invocation, result, {});
    return 0;
}

int run_create(Invocation& invocation) {
    return run_named(invocation, "ntferry-snapshot", "created");
}

int run_list(Invocation& invocation) {
    launch::ControlClient client = connect(invocation);
    const boost::json::value list = client.run("ntferry-snapshot-list");
    if (invocation.json) {
        print_json(invocation.out, list);
        return 0;
    }
    for (const boost::json::value& item : list.as_array()) {
        const std::time_t time = item.at("time").as_int64();
        fmt::print(invocation.out, "{} {:24} {:%Y-%m-%d %H:%M:%S}{}\n",
                   item.at("current").as_bool() ? '*' : ' ', item.at("name").as_string().c_str(),
                   fmt::localtime(time),
                   item.at("parent").as_string().empty()
                       ? std::string()
                       : fmt::format(" after {}", item.at("parent").as_string().c_str()));
    }
    if (list.as_array().empty() && !invocation.quiet)
        fmt::print(invocation.err, "no snapshots\n");
    return 0;
}

int run_revert(Invocation& invocation) {
    return run_named(invocation, "ntferry-snapshot-revert", "reverted");
}

int run_delete(Invocation& invocation) {
    return run_named(invocation, "ntferry-snapshot-delete", "deleted");
}

Command snapshot_command(std::string name, std::string summary, std::string description, std::string example,
                         int (*run)(Invocation&)) {
    return {.name = "snapshot " + name,
            .summary = std::move(summary),
            .synopsis = "NAME SNAPSHOT [options]",
            .description = std::move(description),
            .add_options = add_machine_options,
            .positional = {{"machine", 1}, {"snapshot", 1}},
            .examples = {{std::move(example), "of the machine payroll"}},
            .run = run};
}

} // namespace

Command snapshot_create_command() {
    return snapshot_command(
        "create", "freezes the disks of a running machine under a name",
        "The machine stands still for a moment; what it writes from then on goes into new differencing VHDs "
        "in its "
        "state folder. The snapshot holds what the disks held at that moment, as after a power cut.",
        "ntferry snapshot create payroll before-sp6", run_create);
}

Command snapshot_list_command() {
    Command command = snapshot_command("list", "lists the snapshots of a running machine",
                                       "The disks go on from the one that is marked with a star.",
                                       "ntferry snapshot list payroll", run_list);
    command.synopsis = "NAME [options]";
    command.positional = {{"machine", 1}};
    return command;
}

Command snapshot_revert_command() {
    return snapshot_command("revert", "makes the disks what they were at a snapshot",
                            "What was written since is lost, and the machine starts anew.",
                            "ntferry snapshot revert payroll before-sp6", run_revert);
}

Command snapshot_delete_command() {
    return snapshot_command(
        "delete", "gives a snapshot up",
        "The disks stay what they are. Layers that nothing needs any more are merged when the "
        "machine is started next.",
        "ntferry snapshot delete payroll before-sp6", run_delete);
}

} // namespace ntferry::cli
