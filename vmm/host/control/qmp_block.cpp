// QMP commands about drives: query-block, query-named-block-nodes, eject, blockdev-change-medium.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/host/control/qmp_command.hpp"

#include <fmt/format.h>

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

} // namespace ntferry::vmm::qmp
