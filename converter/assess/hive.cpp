// Rules about registry files and control sets.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/assess/rules.hpp"

#include "converter/registry/editor.hpp"

#include <fmt/format.h>

namespace ntferry::assess {

void hive_state(const Context& context, Findings& findings) {
    for (const nt::HiveFacts& hive : context.system.hives) {
        const bool written = hive.name == "SYSTEM" || hive.name == "SOFTWARE";
        const std::string evidence =
            hive.problem.empty() ? fmt::format("{}: {}", hive.path, fmt::join(hive.recovery.notes, "; "))
                                 : hive.path + ": " + hive.problem;
        if (!hive.usable) {
            findings.push_back(
                {"hive.unusable",
                 hive.name == "SYSTEM" ? Severity::blocker
                 : written             ? Severity::decision
                                       : Severity::warning,
                 fmt::format("The {} hive cannot be used", hive.name), evidence,
                 "NT stops with C0000218 or asks for the Last Known Good menu.",
                 fmt::format(
                     "Restore it from {}\\repair, an emergency repair disk or a backup, and capture again",
                     context.system.place.root)});
            continue;
        }
        if (hive.recovery.state == registry::HiveState::log_replayed)
            findings.push_back({"hive.dirty", written ? Severity::change : Severity::warning,
                                fmt::format("The {} hive was not closed", hive.name), evidence,
                                "NT completes it from its log at the next start.",
                                written ? "The completed hive is written" : "NT does it at its first start"});
        else if (hive.recovery.state == registry::HiveState::alternate)
            findings.push_back({"hive.alternate", Severity::change,
                                "SYSTEM is damaged; its alternate is whole", evidence,
                                "NTLDR takes SYSTEM.ALT as well (KB Q167233).",
                                "SYSTEM and SYSTEM.ALT are both written anew from the good one"});
        else if (hive.recovery.state == registry::HiveState::dirty_as_is)
            findings.push_back({"hive.dirty-no-log", written ? Severity::decision : Severity::warning,
                                fmt::format("The {} hive was not closed and no log completes it", hive.name),
                                evidence, "The last changes may be half written.",
                                "Start the server once and shut it down, then capture again; else accept the "
                                "hive as it is"});
        else if (hive.name == "SYSTEM" && hive.alternate_present && !hive.alternate_equal)
            findings.push_back({"hive.alt-differs", Severity::info, "SYSTEM.ALT differs from SYSTEM",
                                hive.path + ".ALT", "Its last write was not mirrored.",
                                "Both are written alike"});
        if (hive.minor != 3 && hive.usable)
            findings.push_back(
                {"hive.format",
                 written && context.system.product.is_nt4() ? Severity::decision : Severity::info,
                 fmt::format("The {} hive has format 1.{}", hive.name, hive.minor), hive.path,
                 "NT 4.0 writes 1.3 and loads nothing newer.", "Restore it from a backup of this system"});
    }
}

void hive_size(const Context& context, Findings& findings) {
    std::uint64_t total = 0;
    for (const nt::HiveFacts& hive : context.system.hives) {
        total += hive.size;
        if (hive.name != "SYSTEM")
            continue;
        const std::string evidence =
            fmt::format("{}: {:.1f} MB", hive.path, static_cast<double>(hive.size) / 1048576);
        if (hive.size > registry::system_hive_refuse)
            findings.push_back(
                {"hive.too-large", Severity::decision, "The SYSTEM hive is as large as NTLDR can load",
                 evidence,
                 "Hive, kernel and HAL have to fit below 16 MB (KB 216369): it may not grow by a byte.",
                 "Remove shares, printers, DHCP scopes on the server and capture again"});
        else if (hive.size > registry::system_hive_warn)
            findings.push_back({"hive.large", Severity::warning, "The SYSTEM hive is large", evidence,
                                "NTLDR loads about 11.5 MB (KB 216369).",
                                "Watch its growth: shares, printers, DHCP"});
    }
    const std::uint32_t limit = context.system.peripherals.registry_size_limit;
    if (limit != 0 && limit != 0xFFFFFFFFU && total > limit / 10 * 9)
        findings.push_back({"hive.registry-limit", Severity::warning, "The registry is near its limit",
                            fmt::format("hives {} KB, RegistrySizeLimit {} KB", total >> 10U, limit >> 10U),
                            "A full registry refuses changes (STOP 51, KB Q128254).",
                            "Raise RegistrySizeLimit"});
}

void control_sets(const Context& context, Findings& findings) {
    for (const std::string& problem : context.system.control_sets.problems)
        findings.push_back({"controlset.select", Severity::warning, "Select names what is not there",
                            "SYSTEM\\" + problem, "NT could fall back to another control set.",
                            "Every control set that exists and can be started is changed"});
    for (const nt::ControlSet& set : context.system.control_sets.sets)
        if (set.failed && set.present)
            findings.push_back({"controlset.failed", Severity::warning, "A start failed before",
                                fmt::format("SYSTEM\\Select\\Failed = {}", set.number),
                                "Somebody chose Last Known Good after it.",
                                "Look into the event log after the first start"});
}

} // namespace ntferry::assess
