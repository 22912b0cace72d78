// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/assess/rules.hpp"

#include "converter/base/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ntferry::assess {
namespace {

constexpr Rule all[] = {
    product_version,   product_role,   product_state, disk_tables,      disk_geometry,    disk_sizes,
    disk_signatures,   disk_letters,   ft_sets,       ft_state,         volume_state,     volume_boot_copy,
    volume_format,     volume_space,   boot_sector,   boot_loader,      boot_reach,       boot_ini_entries,
    boot_ini_switches, hive_state,     hive_size,     control_sets,     hal_fit,          hal_consistency,
    hardware_profiles, load_order,     storage_ide,   storage_adapters, storage_dma,      boot_chain_files,
    driver_files,      driver_imports, oem_drivers,   network_adapters, network_settings, video_drivers,
    serial_mouse,      logon,          crash_control, clock_basis,      page_files,       boot_execute,
    known_services,    ports,
};

Verdict verdict_of(const Findings& findings) {
    Severity heaviest = Severity::info;
    for (const Finding& one : findings)
        heaviest = std::max(heaviest, one.severity);
    switch (heaviest) {
    case Severity::blocker:
        return Verdict::cannot;
    case Severity::decision:
        return Verdict::needs_decision;
    case Severity::change:
        return Verdict::ready_with_changes;
    case Severity::warning:
    case Severity::info:
        break;
    }
    return Verdict::ready;
}

} // namespace

const char* severity_name(Severity severity) {
    static constexpr const char* names[] = {"info", "warning", "change", "decision", "blocker"};
    return names[static_cast<std::size_t>(severity)];
}

const char* verdict_name(Verdict verdict) {
    static constexpr const char* names[] = {"ready", "ready with changes", "needs a decision", "cannot"};
    return names[static_cast<std::size_t>(verdict)];
}

bool Assessment::has(std::string_view code) const {
    return std::any_of(findings.begin(), findings.end(),
                       [&](const Finding& one) { return one.code == code; });
}

std::string Context::service_key(std::string_view name) const {
    return fmt::format("SYSTEM\\{}\\Services\\{}", system.control_sets.active, name);
}

std::span<const Rule> rules() {
    return all;
}

nt::InspectOptions inspect_options(const profiles::Profile& profile) {
    nt::InspectOptions options;
    options.wanted_drivers = profile.patch.driver_files;
    return options;
}

Assessment assess(const nt::Inspection& inspection, const profiles::Profile& profile) {
    Assessment result;
    result.profile = profile.name;
    result.profile_title = profile.title;
    if (inspection.installations.empty()) {
        std::string seen;
        for (const nt::DiskFacts& disk : inspection.disks)
            seen +=
                fmt::format("{}{}: {} partitions{}{}", seen.empty() ? "" : "; ", disk.source,
                            disk.layout.partitions.size(), disk.problem.empty() ? "" : ", ", disk.problem);
        if (profile.patch.family == "none") {
            result.findings.push_back(
                {"product.carried", Severity::info, "No Windows NT installation was found", seen,
                 fmt::format("Profile {} carries what is on the disks as it is: no rule is made for it.",
                             profile.name),
                 "Own actions can change files and bytes (--overrides)"});
            return result;
        }
        result.findings.push_back(
            {"product.none", Severity::blocker, "No Windows NT installation was found", seen,
             "There is nothing to prepare for another machine.",
             "Check that this is the server's boot disk and that all its disks are given (--disk); a disk "
             "without Windows NT is carried with --profile dos"});
        result.verdict = Verdict::cannot;
        return result;
    }
    const Context context{inspection, inspection.installations.front(), profile};
    result.installation = context.system.title;
    for (const Rule rule : rules())
        rule(context, result.findings);
    result.needed = needed_files(context);
    for (const NeededFile& file : result.needed)
        if (!file.installed)
            result.findings.push_back(
                {"files.needed", file.found.empty() ? Severity::decision : Severity::change,
                 fmt::format("{} is needed and not installed", file.name),
                 file.found.empty() ? std::string("not on these disks") : "a copy lies in " + file.found,
                 file.why,
                 file.found.empty() ? "Supply it: " + file.sources : std::string("It is taken from there")});
    std::stable_sort(result.findings.begin(), result.findings.end(),
                     [](const Finding& a, const Finding& b) { return a.severity > b.severity; });
    result.verdict = verdict_of(result.findings);
    return result;
}

boost::json::object to_json(const Assessment& assessment) {
    namespace json = boost::json;
    json::array findings;
    for (const Finding& one : assessment.findings)
        findings.push_back(json::object{{"code", one.code},
                                        {"severity", severity_name(one.severity)},
                                        {"title", text::printable(one.title)},
                                        {"evidence", text::printable(one.evidence, 2048)},
                                        {"why", text::printable(one.why, 1024)},
                                        {"remedy", text::printable(one.remedy, 1024)}});
    json::array needed;
    for (const NeededFile& one : assessment.needed)
        needed.push_back(json::object{{"name", one.name},
                                      {"why", one.why},
                                      {"installed", one.installed},
                                      {"found", text::printable(one.found)},
                                      {"sources", one.sources}});
    return {{"schema", "ntferry.assessment"},
            {"version", 1},
            {"profile", assessment.profile},
            {"verdict", verdict_name(assessment.verdict)},
            {"installation", text::printable(assessment.installation)},
            {"findings", std::move(findings)},
            {"needed_files", std::move(needed)}};
}

} // namespace ntferry::assess
