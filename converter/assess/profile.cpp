// Rules about hardware profiles and the order in which drivers load.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/assess/rules.hpp"

#include "converter/base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace ntferry::assess {
namespace {

/// Services that the new machine needs to come up, whatever its network card is.
bool is_needed(std::string_view service) {
    static constexpr std::array names = {"atapi",    "disk",     "cdrom",   "fs_rec", "i8042prt",
                                         "kbdclass", "mouclass", "vgasave", "vga",    "fastfat",
                                         "ntfs",     "ndis",     "tcpip"};
    return std::any_of(names.begin(), names.end(),
                       [&](const char* one) { return text::iequals(one, service); });
}

} // namespace

void hardware_profiles(const Context& context, Findings& findings) {
    const auto& profiles = context.system.profiles;
    const std::string root = fmt::format("SYSTEM\\{}\\Hardware Profiles", context.system.control_sets.active);
    if (profiles.size() > 1) {
        std::string names;
        for (const nt::HardwareProfile& profile : profiles)
            names += fmt::format("{}{:04}{}{}", names.empty() ? "" : ", ", profile.number,
                                 profile.name.empty() ? "" : " " + profile.name,
                                 profile.current ? " (current)" : "");
        findings.push_back({"profile.several", Severity::info, "There are several hardware profiles",
                            root + ": " + names, "NT asks at its start which one to use, for 30 seconds.",
                            "Answer with the one that the server used last"});
    }
    for (const nt::HardwareProfile& profile : profiles) {
        if (!profile.current && profiles.size() > 1)
            continue;
        for (const std::string& service : profile.disabled) {
            const std::string key = fmt::format("{}\\{:04}\\System\\CurrentControlSet\\Enum, CSConfigFlags",
                                                root, profile.number);
            if (is_needed(service))
                findings.push_back({"profile.disabled-needed", Severity::decision,
                                    fmt::format("{} is switched off in the hardware profile", service),
                                    key + ": " + service,
                                    "The machine needs it, and its Start value does not tell.",
                                    "Enable it on the server (Control Panel, Devices, HW Profiles) and "
                                    "capture again"});
            else
                findings.push_back({"profile.disabled", Severity::info,
                                    fmt::format("{} is switched off in the hardware profile", service),
                                    key + ": " + service, "It does not start, whatever its Start value says.",
                                    "Nothing to do"});
        }
    }
}

void load_order(const Context& context, Findings& findings) {
    if (!context.system.product.is_nt4() || context.system.services.empty())
        return;
    std::size_t position = 0;
    std::string missing;
    bool out_of_order = false;
    for (const char* group : {"SCSI miniport", "SCSI class", "SCSI CDROM class"}) {
        const auto& list = context.system.group_order;
        const auto found = std::find_if(list.begin(), list.end(),
                                        [&](const std::string& one) { return text::iequals(one, group); });
        if (found == list.end()) {
            missing += fmt::format("{}{}", missing.empty() ? "" : ", ", group);
            continue;
        }
        const auto at = static_cast<std::size_t>(found - list.begin());
        out_of_order |= at < position;
        position = at;
    }
    if (!missing.empty() || out_of_order)
        findings.push_back(
            {"storage.group-order", Severity::decision, "The load order of the disk drivers is not NT 4.0's",
             fmt::format("SYSTEM\\{}\\Control\\ServiceGroupOrder\\List{}{}",
                         context.system.control_sets.active, missing.empty() ? "" : " lacks ", missing),
             "An upgrade from 3.51 may have left an old list (KB Q163413): a class driver that loads before "
             "its adapter's driver finds no disk, STOP 7B.",
             "Restore the list on the server from another NT 4.0 and capture again"});
    const nt::Service* recogniser = context.service("Fs_Rec");
    if (recogniser == nullptr || recogniser->start > nt::start_system)
        findings.push_back({"storage.fs-rec", Severity::warning, "The file system recogniser does not start",
                            context.service_key("Fs_Rec"),
                            "Volumes other than the boot partition are not mounted.",
                            "Set its Start to 1 on the server"});
}

} // namespace ntferry::assess
