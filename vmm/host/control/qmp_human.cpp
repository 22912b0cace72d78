// human-monitor-command: the few lines of the QEMU monitor that scripts send through QMP.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/host/control/qmp_command.hpp"

#include <fmt/format.h>

#include <sstream>

namespace ntferry::vmm::qmp {
namespace {

std::string info(QmpContext& context, const std::string& what) {
    if (what == "status") {
        const RunState state = context.machine.run_state();
        return state == RunState::running ? "VM status: running\r\n"
                                          : fmt::format("VM status: paused ({})\r\n", name_of(state));
    }
    if (what == "name")
        return context.machine.name() + "\r\n";
    if (what == "block") {
        std::string text;
        for (const DriveInfo& drive : context.machine.drives())
            text += drive.file.empty() ? fmt::format("{}: [not inserted]\r\n", drive.device)
                                       : fmt::format("{}: {} ({}{})\r\n", drive.device, drive.file,
                                                     drive.format, drive.read_only ? ", read-only" : "");
        return text;
    }
    return fmt::format("unknown command: 'info {}'\r\n", what);
}

} // namespace

boost::json::value human_monitor(QmpContext& context, const QmpArguments& arguments) {
    std::istringstream line(arguments.text("command-line"));
    std::string verb;
    std::string first;
    std::string second;
    std::string third;
    line >> verb >> first >> second >> third;
    try {
        std::string answer;
        if (verb == "info")
            answer = info(context, first);
        else if (verb == "sendkey")
            send_key_names(context, first);
        else if (verb == "screendump")
            write_screen(context, first, second == "-f" ? third : "ppm");
        else if (verb == "stop")
            context.machine.pause();
        else if (verb == "cont" || verb == "c")
            context.machine.resume();
        else if (verb == "system_reset")
            context.machine.reset();
        else if (verb == "system_powerdown")
            context.machine.power_down();
        else if (verb == "quit" || verb == "q")
            context.machine.quit();
        else
            answer = fmt::format("unknown command: '{}'\r\n", verb);
        return boost::json::value(answer);
    } catch (const std::exception& error) {
        // The monitor says what went wrong in its text, as QEMU's does.
        return boost::json::value(fmt::format("Error: {}\r\n", error.what()));
    }
}

} // namespace ntferry::vmm::qmp
