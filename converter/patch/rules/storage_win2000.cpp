// Storage of Windows 2000: IDE drivers on, and the PCI and IDE ids in CriticalDeviceDatabase that lead to
// them (KB 314082). Old controllers' drivers stay: Plug and Play does not start them without their hardware.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/patch/rules/rules.hpp"

#include <fmt/format.h>

#include <array>

namespace ntferry::patch {
namespace {

constexpr const char* class_disk_controller = "{4D36E96A-E325-11CE-BFC1-08002BE10318}";
constexpr const char* class_disk = "{4D36E967-E325-11CE-BFC1-08002BE10318}";

struct CriticalDevice {
    const char* id;
    const char* class_guid;
    const char* service;
};
constexpr std::array<CriticalDevice, 7> critical_devices{{
    {"primary_ide_channel", class_disk_controller, "atapi"},
    {"secondary_ide_channel", class_disk_controller, "atapi"},
    {"*pnp0600", class_disk_controller, "atapi"},
    {"pci#cc_0101", class_disk_controller, "pciide"},
    {"pci#ven_8086&dev_7010", class_disk_controller, "intelide"}, // PIIX3, the machine's
    {"pci#ven_8086&dev_7111", class_disk_controller, "intelide"}, // PIIX4, of other hypervisors
    {"gendisk", class_disk, "disk"},
}};

struct BootDriver {
    const char* service;
    const char* group;
    std::uint32_t tag;
};
constexpr std::array<BootDriver, 3> boot_drivers{{
    {"atapi", "SCSI miniport", 0x19},
    {"intelide", "System Bus Extender", 4},
    {"pciide", "System Bus Extender", 3},
}};

} // namespace

void plan_storage_win2000(RuleContext& context) {
    for (const char* file :
         {"atapi.sys", "pciidex.sys", "intelide.sys", "pciide.sys", "disk.sys", "classpnp.sys"})
        context.need_file(
            {file,
             context.subject().system32(fmt::format("drivers\\{}", file)),
             "the machine's IDE disks need it; without it the system stops with 0x7B",
             std::string_view(file) != "pciide.sys" && std::string_view(file) != "intelide.sys" &&
                 std::string_view(file) != "pciidex.sys" && std::string_view(file) != "classpnp.sys",
             false,
             {}});
    for (const unsigned set : context.subject().control_sets()) {
        for (const BootDriver& driver : boot_drivers) {
            const std::string key = RuleContext::service_key(set, driver.service);
            const Because because{
                "the disk is an IDE disk now; without its driver the system stops with 0x7B",
                fmt::format("{}\\Start is {}", key, context.dword(key, "Start").value_or(4))};
            const auto id = [&](std::string_view what) {
                return fmt::format("storage.{}.{}.{}", driver.service, what, set);
            };
            context.set_dword(id("type"), key, "Type", 1, because);
            context.set_dword(id("start"), key, "Start", 0, because);
            if (!context.dword(key, "ErrorControl"))
                context.set_dword(id("errorcontrol"), key, "ErrorControl", 1, because);
            if (!context.dword(key, "Tag"))
                context.set_dword(id("tag"), key, "Tag", driver.tag, because);
            if (!context.string(HiveId::system, key, "Group"))
                context.set(HiveId::system, id("group"), key, "Group", registry::Value::sz(driver.group),
                            because);
        }
        const std::string database = Subject::control_set_key(set) + "\\Control\\CriticalDeviceDatabase\\";
        for (const CriticalDevice& device : critical_devices) {
            const Because because{"Windows 2000 starts a boot driver for a device by its id (KB 314082)",
                                  database + device.id};
            const auto put = [&](const char* name, const char* value) {
                context.set(HiveId::system, fmt::format("storage.critical.{}.{}.{}", device.id, name, set),
                            database + device.id, name, registry::Value::sz(value), because);
            };
            put("ClassGUID", device.class_guid);
            put("Service", device.service);
        }
    }
}

} // namespace ntferry::patch
