// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/nt/peripherals.hpp"

#include "converter/base/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ntferry::nt {
namespace {

constexpr std::size_t list_limit = 2048;

std::string text_of(const registry::Key& key, const char* name) {
    return text::printable(key.string(name).value_or(""), 200);
}

/// "COM1:" -> "COM1" for serial and parallel ports, "" for others.
std::string local_port(std::string_view port) {
    const std::string upper = text::to_upper(port);
    for (const char* kind : {"COM", "LPT"})
        if (upper.size() >= 4 && upper.starts_with(kind) && upper[3] >= '1' && upper[3] <= '9')
            return upper.substr(0, 4);
    return {};
}

std::vector<Printer> read_printers(const registry::Hive& system, const std::string& control_set) {
    std::vector<Printer> printers;
    if (const auto root = system.find(control_set + "\\Control\\Print\\Printers"))
        for (const registry::Key& key : root->children()) {
            if (printers.size() == list_limit)
                break;
            printers.push_back({text::printable(key.name(), 200), text_of(key, "Port"),
                                text_of(key, "Printer Driver"), text_of(key, "Share Name")});
        }
    return printers;
}

std::vector<Share> read_shares(const registry::Hive& system, const std::string& control_set) {
    std::vector<Share> shares;
    const auto root = system.find(control_set + "\\Services\\LanmanServer\\Shares");
    if (!root)
        return shares;
    for (const auto& [name, value] : root->values(registry::Key::typed_limit)) {
        if (shares.size() == list_limit)
            break;
        Share share{text::printable(name, 100), {}, {}};
        for (const std::string& line : value.as_strings()) {
            if (text::istarts_with(line, "Path="))
                share.path = text::printable(line.substr(5), 260);
            else if (text::istarts_with(line, "Remark="))
                share.remark = text::printable(line.substr(7), 200);
        }
        shares.push_back(std::move(share));
    }
    return shares;
}

std::vector<Application> read_applications(const registry::Hive& software) {
    std::vector<Application> applications;
    if (const auto root = software.find("Microsoft\\Windows\\CurrentVersion\\Uninstall"))
        for (const registry::Key& key : root->children()) {
            if (applications.size() == list_limit)
                break;
            Application one{text_of(key, "DisplayName"), text_of(key, "DisplayVersion"),
                            text_of(key, "Publisher")};
            if (one.name.empty())
                one.name = text::printable(key.name(), 100);
            applications.push_back(std::move(one));
        }
    return applications;
}

std::vector<VideoDriver> read_video(const registry::Hive& system, const std::string& control_set,
                                    const std::vector<Service>& services) {
    std::vector<VideoDriver> drivers;
    for (const Service& service : services) {
        if (!service.in_group("Video") && !service.in_group("Video Save") && !service.in_group("Video Init"))
            continue;
        VideoDriver driver;
        driver.service = service.name;
        driver.start = service.start;
        const std::string base = "\\Services\\" + service.name + "\\Device0";
        if (const auto device = system.find(control_set + base)) {
            driver.has_device0 = true;
            driver.display_drivers = device->strings("InstalledDisplayDrivers");
        }
        // The mode lives in the hardware profile (KB Q216166, Q180647).
        for (const char* profile : {"Current", "0001"})
            if (const auto key = system.find(control_set + "\\Hardware Profiles\\" + profile +
                                             "\\System\\CurrentControlSet" + base)) {
                const auto get = [&](const char* name) {
                    return key->dword(std::string("DefaultSettings.") + name).value_or(0);
                };
                if (get("XResolution") != 0 && driver.mode.empty())
                    driver.mode = fmt::format("{}x{}, {} bits", get("XResolution"), get("YResolution"),
                                              get("BitsPerPel"));
            }
        drivers.push_back(std::move(driver));
    }
    return drivers;
}

} // namespace

Peripherals read_peripherals(DiskSet& disks, const SystemPlace& place, const registry::Hive& system,
                             const registry::Hive* software, const std::string& control_set,
                             const std::vector<Service>& services) {
    Peripherals facts;
    facts.printers = read_printers(system, control_set);
    facts.shares = read_shares(system, control_set);
    facts.video = read_video(system, control_set, services);
    for (const Printer& printer : facts.printers)
        for (const std::string_view port : text::split(printer.port, ','))
            if (const std::string local = local_port(text::trim(port)); !local.empty())
                facts.ports.push_back({local, "printer " + printer.name});
    facts.ups_port = text::printable(system.string(control_set + "\\Services\\UPS", "Port").value_or(""), 16);
    if (const Service* ups = find_service(services, "UPS"); ups != nullptr && ups->start <= start_auto)
        facts.ports.push_back(
            {local_port(facts.ups_port).empty() ? "COM1" : local_port(facts.ups_port), "UPS service"});
    if (const auto devices = system.find(control_set + "\\Services\\RasMan\\Parameters");
        devices && software != nullptr)
        if (const auto ras = software->find("Microsoft\\RAS\\TAPI DEVICES\\Unimodem"))
            for (const std::string& port : ras->strings("Address"))
                if (const std::string local = local_port(port); !local.empty())
                    facts.ports.push_back({local, "dial-up (RAS)"});

    const std::string manager = control_set + "\\Control\\Session Manager";
    facts.page_files = system.strings(manager + "\\Memory Management", "PagingFiles");
    facts.boot_execute = system.strings(manager, "BootExecute");
    facts.auto_reboot = system.dword(control_set + "\\Control\\CrashControl", "AutoReboot").value_or(0) != 0;
    facts.crash_dump = system.dword(control_set + "\\Control\\CrashControl", "CrashDumpEnabled").value_or(0);
    facts.utc_clock =
        system.dword(control_set + "\\Control\\TimeZoneInformation", "RealTimeIsUniversal").value_or(0) != 0;
    for (const char* device : {"Device0", "Device1"})
        if (const auto line =
                system.string(control_set + "\\Services\\atapi\\Parameters\\" + device, "DriverParameter"))
            facts.ide_parameters.push_back(std::string(device) + ": " + text::printable(*line, 100));
    facts.registry_size_limit = system.dword(control_set + "\\Control", "RegistrySizeLimit").value_or(0);
    if (software != nullptr) {
        const std::string winlogon = "Microsoft\\Windows NT\\CurrentVersion\\Winlogon";
        facts.gina = text::printable(software->string(winlogon, "GinaDLL").value_or(""), 100);
        facts.auto_logon = software->string(winlogon, "AutoAdminLogon").value_or("0") == "1";
        facts.applications = read_applications(*software);
    }
    facts.vga_dll = describe_file(disks, {place.volume, place.below("system32\\vga.dll")});
    return facts;
}

} // namespace ntferry::nt
