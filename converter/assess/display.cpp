// Rules about video, input and logon.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/assess/rules.hpp"

#include "converter/base/text.hpp"

#include <fmt/format.h>

namespace ntferry::assess {
namespace {

bool is_plain_vga(std::string_view name) {
    return text::iequals(name, "vga") || text::iequals(name, "VgaSave") || text::iequals(name, "VgaStart");
}

} // namespace

void video_drivers(const Context& context, Findings& findings) {
    if (!context.system.product.is_nt4())
        return;
    bool save = false;
    for (const nt::VideoDriver& driver : context.system.peripherals.video) {
        const std::string key = context.service_key(driver.service);
        if (is_plain_vga(driver.service)) {
            if (!driver.has_device0 && !text::iequals(driver.service, "VgaStart"))
                findings.push_back({"video.device0", Severity::decision,
                                    fmt::format("{} has no Device0 key", driver.service), key,
                                    "Without it the fallback fails with STOP C0000143 (KB Q170397).",
                                    "Repair the installation on the server, or restore the SYSTEM hive"});
            if (text::iequals(driver.service, "VgaSave")) {
                save = true;
                if (driver.start > nt::start_system)
                    findings.push_back({"video.vgasave-start", Severity::change,
                                        "The fallback display driver does not start",
                                        fmt::format("{}\\Start = {}", key, driver.start),
                                        "NT needs one display driver that works.", "Start is set to 1"});
            }
        } else if (driver.start <= nt::start_auto) {
            findings.push_back({"video.driver", Severity::change,
                                fmt::format("The display driver {} is for another card", driver.service),
                                fmt::format("{}\\Start = {}{}{}", key, driver.start,
                                            driver.mode.empty() ? "" : "; mode ", driver.mode),
                                "Its card is gone; some drivers hang looking for it.",
                                "Start is set to 4; NT comes up with VGA"});
        }
    }
    if (!save && !context.system.services.empty())
        findings.push_back({"video.no-vgasave", Severity::decision, "There is no VgaSave driver",
                            context.service_key("VgaSave"),
                            "Nothing would show a picture once the old driver is off.",
                            "Repair the installation on the server"});
    const nt::FileFacts& vga = context.system.peripherals.vga_dll;
    if (vga.present && vga.pe && !vga.company().empty() && !text::icontains(vga.company(), "microsoft"))
        findings.push_back(
            {"video.vga-replaced", Severity::warning, "vga.dll is not Microsoft's",
             fmt::format("{}: {}", vga.path, vga.company()),
             "Remote control programs replace it, and VGA mode may fail (KB Q170397, Q176989).",
             "Uninstall the program, or supply vga.dll of the service pack"});
}

void serial_mouse(const Context& context, Findings& findings) {
    if (const nt::Service* mouse = context.service("Sermouse");
        mouse != nullptr && mouse->start <= nt::start_system)
        findings.push_back({"input.serial-mouse", Severity::change, "The serial mouse driver starts",
                            fmt::format("{}\\Start = {}", context.service_key("Sermouse"), mouse->start),
                            "It takes COM1 when it finds no mouse; programs cannot use the port then.",
                            "Start is set to 4"});
    for (const char* name : {"i8042prt", "Kbdclass", "Mouclass"})
        if (const nt::Service* service = context.service(name);
            service == nullptr || service->start > nt::start_system)
            findings.push_back({"input.ps2", Severity::change, fmt::format("{} does not start", name),
                                context.service_key(name), "Keyboard and mouse of the machine are PS/2.",
                                "Start is set to 1"});
}

void logon(const Context& context, Findings& findings) {
    const nt::Peripherals& facts = context.system.peripherals;
    const char* winlogon = "SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Winlogon";
    if (!facts.gina.empty() && !text::iequals(text::file_name(facts.gina), "msgina.dll"))
        findings.push_back(
            {"logon.gina", Severity::warning, fmt::format("The logon dialogs are replaced: {}", facts.gina),
             fmt::format("{}\\GinaDLL", winlogon),
             "If it fails on the new hardware nobody can log on (STOP C000021A).",
             "Uninstall the program first, or keep the old server until the first logon has worked"});
    if (facts.auto_logon)
        findings.push_back({"logon.automatic", Severity::info, "The server logs on by itself",
                            fmt::format("{}\\AutoAdminLogon = 1", winlogon),
                            "A password is stored in the registry; it was not read.",
                            "Consider switching it off"});
}

} // namespace ntferry::assess
