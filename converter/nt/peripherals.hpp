// What hangs on a server: printers, shares, serial and parallel lines, logon and display replacements.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/nt/file_access.hpp"
#include "converter/nt/services.hpp"
#include "converter/registry/hive.hpp"

#include <string>
#include <vector>

namespace ntferry::nt {

struct Printer {
    std::string name;
    std::string port;
    std::string driver;
    std::string share;
};

struct Share {
    std::string name;
    std::string path;
    std::string remark;
};

struct Application {
    std::string name;
    std::string version;
    std::string publisher;
};

/// Who uses a COM or LPT port.
struct PortUser {
    std::string port; ///< "COM1", "LPT1"
    std::string user; ///< "printer HPLJ5", "UPS service"
};

struct VideoDriver {
    std::string service;
    std::uint32_t start = start_disabled;
    std::vector<std::string> display_drivers; ///< Device0\InstalledDisplayDrivers
    bool has_device0 = false;
    std::string mode; ///< "800x600, 8 bits" from the current hardware profile
};

struct Peripherals {
    std::vector<Printer> printers;
    std::vector<Share> shares;
    std::vector<Application> applications;
    std::vector<PortUser> ports;
    std::vector<VideoDriver> video;
    std::string gina; ///< Winlogon\GinaDLL; empty: Microsoft's
    FileFacts vga_dll;
    std::vector<std::string> page_files; ///< "C:\pagefile.sys 64 128"
    std::vector<std::string> boot_execute;
    bool auto_logon = false;      ///< AutoAdminLogon; the password is never read
    bool auto_reboot = false;     ///< CrashControl
    bool utc_clock = false;       ///< RealTimeIsUniversal, which NT 4.0 does not heed
    std::uint32_t crash_dump = 0; ///< CrashDumpEnabled
    std::string ups_port;         ///< Services\UPS\Port
    std::uint32_t registry_size_limit = 0;
    std::vector<std::string> ide_parameters; ///< "Device0: DMADetectionLevel = 0x1,0x1"
};

Peripherals read_peripherals(DiskSet& disks, const SystemPlace& place, const registry::Hive& system,
                             const registry::Hive* software, const std::string& control_set,
                             const std::vector<Service>& services);

} // namespace ntferry::nt
