// QMP commands about drives: query-block, query-named-block-nodes, eject, blockdev-change-medium,
// blockdev-snapshot-sync.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/host/control/qmp_command.hpp"

#include <fmt/format.h>

#include <filesystem>

namespace ntferry::vmm::qmp {
namespace {

namespace json = boost::json;

json::object image_of(const DriveInfo& drive) {
    return {{"filename", drive.file},
            {"format", drive.format},
            {"virtual-size", drive.size},
            {"dirty-flag", false}};
}

json::object node_of(const DriveInfo& drive) {
    return {{"node-name", drive.device + "-medium"},
            {"drv", drive.format},
            {"file", drive.file},
            {"ro", drive.read_only},
            {"backing_file_depth", 0},
            {"encrypted", false},
            {"detect_zeroes", "off"},
            {"write_threshold", 0},
            {"bps", 0},
            {"bps_rd", 0},
            {"bps_wr", 0},
            {"iops", 0},
            {"iops_rd", 0},
            {"iops_wr", 0},
            {"cache", json::object{{"writeback", true}, {"direct", false}, {"no-flush", false}}},
            {"image", image_of(drive)}};
}

/// QMP clients name a drive by "device" (back end) or "id" (front end); ours are the same.
std::string drive_named(QmpContext& context, const QmpArguments& arguments) {
    const std::string name = arguments.text("id", arguments.text("device", ""));
    if (name.empty())
        throw QmpError("Parameter 'id' is missing");
    for (const DriveInfo& drive : context.machine.drives())
        if (drive.device == name)
            return name;
    throw QmpError("DeviceNotFound", fmt::format("Device '{}' not found", name));
}

} // namespace

json::value query_block(QmpContext& context, const QmpArguments&) {
    json::array list;
    for (const DriveInfo& drive : context.machine.drives()) {
        json::object entry{{"device", drive.device}, {"qdev", drive.device},
                           {"type", "unknown"},      {"removable", drive.removable},
                           {"locked", drive.locked}, {"io-status", drive.io_status}};
        if (drive.removable)
            entry["tray_open"] = drive.tray_open;
        if (!drive.file.empty())
            entry["inserted"] = node_of(drive);
        list.push_back(std::move(entry));
    }
    return list;
}

json::value query_named_block_nodes(QmpContext& context, const QmpArguments&) {
    json::array list;
    for (const DriveInfo& drive : context.machine.drives())
        if (!drive.file.empty())
            list.push_back(node_of(drive));
    return list;
}

json::value eject(QmpContext& context, const QmpArguments& arguments) {
    const std::string device = drive_named(context, arguments);
    context.machine.eject(device, arguments.flag("force", false));
    context.emit("DEVICE_TRAY_MOVED", {{"device", device}, {"id", device}, {"tray-open", true}});
    return json::object{};
}

json::value change_medium(QmpContext& context, const QmpArguments& arguments) {
    const std::string device = drive_named(context, arguments);
    const std::string name = arguments.text("filename");
    const int descriptor = context.descriptors.open(name);
    context.machine.change_medium(device, {context.descriptors.title_of(name), descriptor});
    context.emit("DEVICE_TRAY_MOVED", {{"device", device}, {"id", device}, {"tray-open", false}});
    return json::object{};
}

/// A snapshot here is of all disks at one moment, so this freezes the others, too; it is called as the new
/// file without its ending. The file lies in the state folder: the machine writes nowhere else.
json::value snapshot_sync(QmpContext& context, const QmpArguments& arguments) {
    const std::string node = arguments.text("node-name", "");
    const std::string device = arguments.text("device", "");
    if (device.empty() == node.empty())
        throw QmpError("Either 'device' or 'node-name' is needed");
    std::string found;
    for (const DriveInfo& drive : context.machine.drives())
        if (drive.device == device || drive.device + "-medium" == node)
            found = drive.device;
    if (found.empty())
        throw QmpError("DeviceNotFound",
                       fmt::format("Device '{}' not found", device.empty() ? node : device));
    if (const std::string format = arguments.text("format", "vpc"); format != "vpc")
        throw QmpError(fmt::format("Invalid snapshot format '{}': layers are 'vpc'", format));
    if (const std::string mode = arguments.text("mode", "absolute-paths"); mode != "absolute-paths")
        throw QmpError(fmt::format("Invalid parameter 'mode': '{}': layers are made anew", mode));
    const std::string file = arguments.text("snapshot-file");
    const std::string name = std::filesystem::path(file).stem().string();
    context.machine.snapshot(name, found, file);
    return json::object{};
}

} // namespace ntferry::vmm::qmp
