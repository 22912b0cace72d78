// The table of QMP commands, and those that are one call.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Names, arguments and answers: QEMU's QAPI schema (qapi/*.json). Commands that QEMU does not have begin with
// "ntferry-".
#include "vmm/host/control/qmp_command.hpp"

namespace ntferry::vmm {
namespace {

namespace json = boost::json;

json::value query_status(QmpContext& context, const QmpArguments&) {
    const RunState state = context.machine.run_state();
    json::object answer{
        {"status", name_of(state)}, {"running", state == RunState::running}, {"singlestep", false}};
    if (const std::string reason = context.machine.state_reason(); !reason.empty())
        answer["ntferry-reason"] = reason;
    if (const std::string walls = context.machine.walls(); !walls.empty())
        answer["ntferry-walls"] = walls;
    return answer;
}

json::value query_version(QmpContext&, const QmpArguments&) {
    return json::object{{"qemu", json::object{{"major", 7}, {"minor", 2}, {"micro", 0}}},
                        {"package", "ntferry"}};
}

json::value query_name(QmpContext& context, const QmpArguments&) {
    return json::object{{"name", context.machine.name()}};
}

json::value query_cpus(QmpContext& context, const QmpArguments&) {
    json::array list;
    for (unsigned number = 0; number < context.machine.processors(); ++number)
        list.push_back(
            json::object{{"cpu-index", number},
                         {"qom-path", "/machine/cpu[" + std::to_string(number) + "]"},
                         {"thread-id", 0},
                         {"target", "i386"},
                         {"props", json::object{{"socket-id", number}, {"core-id", 0}, {"thread-id", 0}}}});
    return list;
}

json::value query_commands(QmpContext&, const QmpArguments&) {
    json::array list;
    list.push_back(json::object{{"name", "qmp_capabilities"}});
    for (const QmpCommand& command : qmp_commands())
        list.push_back(json::object{{"name", command.name}});
    return list;
}

json::value query_kvm(QmpContext&, const QmpArguments&) {
    return json::object{{"enabled", true}, {"present", true}};
}

json::value stop(QmpContext& context, const QmpArguments&) {
    context.machine.pause();
    return json::object{};
}

json::value cont(QmpContext& context, const QmpArguments&) {
    context.machine.resume();
    return json::object{};
}

json::value system_reset(QmpContext& context, const QmpArguments&) {
    context.machine.reset();
    return json::object{};
}

json::value system_powerdown(QmpContext& context, const QmpArguments&) {
    context.machine.power_down();
    context.emit("POWERDOWN", {});
    return json::object{};
}

json::value quit(QmpContext& context, const QmpArguments&) {
    context.machine.quit();
    return json::object{};
}

json::value save_state(QmpContext& context, const QmpArguments& arguments) {
    const std::string name = arguments.text("filename", "");
    const int descriptor = context.descriptors.open(name);
    return json::object{
        {"filename", context.machine.save_state({context.descriptors.title_of(name), descriptor})}};
}

json::value snapshot(QmpContext& context, const QmpArguments& arguments) {
    json::array files;
    for (const std::string& file : context.machine.snapshot(arguments.text("name")))
        files.emplace_back(file);
    return json::object{{"files", std::move(files)}};
}

json::value list_snapshots(QmpContext& context, const QmpArguments&) {
    json::array list;
    for (const SnapshotInfo& one : context.machine.snapshots())
        list.push_back(json::object{
            {"name", one.name}, {"parent", one.parent}, {"time", one.time}, {"current", one.current}});
    return list;
}

json::value revert(QmpContext& context, const QmpArguments& arguments) {
    context.machine.revert(arguments.text("name"));
    return json::object{};
}

json::value delete_snapshot(QmpContext& context, const QmpArguments& arguments) {
    context.machine.delete_snapshot(arguments.text("name"));
    return json::object{};
}

constexpr QmpCommand COMMANDS[] = {
    {"query-status", "", query_status},
    {"query-version", "", query_version},
    {"query-name", "", query_name},
    {"query-commands", "", query_commands},
    {"query-cpus-fast", "", query_cpus},
    {"query-kvm", "", query_kvm},
    {"query-block", "", qmp::query_block},
    {"query-named-block-nodes", "flat", qmp::query_named_block_nodes},
    {"stop", "", stop},
    {"cont", "", cont},
    {"system_reset", "", system_reset},
    {"system_powerdown", "", system_powerdown},
    {"quit", "", quit},
    {"send-key", "keys hold-time", qmp::send_key},
    {"input-send-event", "device head events", qmp::input_send_event},
    {"screendump", "filename format device head", qmp::screendump},
    {"eject", "device id force", qmp::eject},
    {"blockdev-change-medium", "device id filename format force read-only-mode", qmp::change_medium},
    {"add-fd", "fdset-id opaque", qmp::add_descriptor},
    {"remove-fd", "fdset-id fd", qmp::remove_descriptor},
    {"human-monitor-command", "command-line cpu-index", qmp::human_monitor},
    {"ntferry-screen-text", "", qmp::screen_text},
    {"ntferry-type", "text layout", qmp::type_text},
    {"ntferry-save-state", "filename", save_state},
    {"blockdev-snapshot-sync", "device node-name snapshot-file snapshot-node-name format mode",
     qmp::snapshot_sync},
    {"ntferry-resources", "", qmp::resources},
    {"ntferry-snapshot", "name", snapshot},
    {"ntferry-snapshot-list", "", list_snapshots},
    {"ntferry-snapshot-revert", "name", revert},
    {"ntferry-snapshot-delete", "name", delete_snapshot},
};

} // namespace

std::span<const QmpCommand> qmp_commands() {
    return COMMANDS;
}

} // namespace ntferry::vmm
