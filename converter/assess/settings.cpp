// Rules about settings that decide how the first start goes.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/assess/rules.hpp"

#include "converter/base/text.hpp"

#include <fmt/format.h>

namespace ntferry::assess {

void crash_control(const Context& context, Findings& findings) {
    const std::string key =
        fmt::format("SYSTEM\\{}\\Control\\CrashControl", context.system.control_sets.active);
    if (context.system.peripherals.auto_reboot)
        findings.push_back({"settings.auto-reboot", Severity::change, "NT restarts after a STOP",
                            key + "\\AutoReboot = 1", "A STOP screen would be gone before anybody read it.",
                            "Set to 0 until the first starts have gone well"});
    if (context.system.peripherals.crash_dump != 0)
        findings.push_back(
            {"settings.crash-dump", Severity::change, "NT writes memory to the page file after a STOP",
             fmt::format("{}\\CrashDumpEnabled = {}", key, context.system.peripherals.crash_dump),
             "The dump goes through a driver that may be the wrong one.",
             "Set to 0 until the first starts have gone well"});
}

void clock_basis(const Context& context, Findings& findings) {
    if (context.system.peripherals.utc_clock && context.system.product.is_nt4())
        findings.push_back({"settings.utc-clock", Severity::info,
                            "The server's clock was meant to run in UTC",
                            fmt::format("SYSTEM\\{}\\Control\\TimeZoneInformation\\RealTimeIsUniversal = 1",
                                        context.system.control_sets.active),
                            "NT 4.0 does not heed this value and takes the clock for local time.",
                            "The machine's clock gives local time; look at the time after the first start"});
}

void page_files(const Context& context, Findings& findings) {
    const std::string key =
        fmt::format("SYSTEM\\{}\\Control\\Session Manager\\Memory Management\\PagingFiles",
                    context.system.control_sets.active);
    if (context.system.peripherals.page_files.empty())
        findings.push_back({"settings.no-page-file", Severity::warning, "No page file is set", key,
                            "NT warns at every logon.", "Set one in Control Panel, System"});
    for (const std::string& line : context.system.peripherals.page_files) {
        if (line.size() < 2 || line[1] != ':')
            continue;
        bool there = false;
        for (const nt::VolumeFacts& volume : context.inspection.volumes)
            there |= volume.letter != 0 && text::to_lower(volume.letter) == text::to_lower(line[0]);
        if (!there)
            findings.push_back(
                {"settings.page-file-drive", Severity::warning,
                 fmt::format("A page file lies on a drive that is not there: {}", line[0]),
                 fmt::format("{}: {}", key, text::printable(line, 80)), "NT starts without it and warns.",
                 "Give the disk with that drive, or change the setting after the first start"});
    }
}

void boot_execute(const Context& context, Findings& findings) {
    for (const std::string& line : context.system.peripherals.boot_execute) {
        if (text::iequals(line, "autocheck autochk *"))
            continue;
        const bool check = text::istarts_with(line, "autocheck autochk");
        findings.push_back(
            {check ? "settings.check-scheduled" : "settings.boot-program",
             check ? Severity::info : Severity::warning,
             check ? "A disk check is scheduled" : "A program runs before NT is up",
             fmt::format("Session Manager\\BootExecute: {}", text::printable(line, 100)),
             check ? "The first start takes longer."
                   : "Defragmenters, antivirus and partition programs do so; it may stop on other hardware.",
             check ? "Do not switch the machine off meanwhile"
                   : "Look up the program; take the line out if it is not needed"});
    }
}

} // namespace ntferry::assess
