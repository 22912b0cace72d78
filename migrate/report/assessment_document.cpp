// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/report/assessment_document.hpp"

#include "migrate/report/inspection_document.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ntferry::report {
namespace {

using assess::Severity;

struct Group {
    Severity severity;
    const char* title;
    const char* word;
    Tone tone;
};

constexpr Group groups[] = {
    {Severity::blocker, "What makes it impossible", "blocker", Tone::bad},
    {Severity::decision, "What has to be decided or supplied", "decide", Tone::warning},
    {Severity::change, "What is changed for the new machine", "change", Tone::note},
    {Severity::warning, "What to keep an eye on", "watch", Tone::warning},
    {Severity::info, "Good to know", "info", Tone::plain},
};

Paragraph verdict_line(const assess::Assessment& assessment) {
    switch (assessment.verdict) {
    case assess::Verdict::ready:
        return {"Ready: nothing on the disks has to change.", Tone::good};
    case assess::Verdict::ready_with_changes:
        return {"Ready with changes: NTFerry makes them on a copy; the captured disks stay as they are.",
                Tone::good};
    case assess::Verdict::needs_decision:
        return {"Needs a decision: see what has to be decided or supplied below.", Tone::warning};
    case assess::Verdict::cannot:
        return {"Cannot be moved with this profile: see what makes it impossible below.", Tone::bad};
    }
    return {};
}

void add_findings(Document& document, const assess::Assessment& assessment) {
    for (const Group& group : groups) {
        Section& section = document.section(group.title);
        for (const assess::Finding& finding : assessment.findings)
            if (finding.severity == group.severity)
                section.blocks.emplace_back(
                    Card{group.tone,
                         group.word,
                         finding.code,
                         finding.title,
                         {{"seen", finding.evidence}, {"why", finding.why}, {"do", finding.remedy}}});
    }
}

void add_needed(Document& document, const assess::Assessment& assessment) {
    if (assessment.needed.empty())
        return;
    Section& section = document.section("Files that the system needs on this machine");
    Table table{{"file", "state", "why", "where it comes from"}, {}};
    for (const assess::NeededFile& file : assessment.needed)
        table.rows.push_back({file.name,
                              file.installed       ? "installed"
                              : file.found.empty() ? "missing"
                                                   : "on the disks",
                              file.why,
                              file.installed       ? file.found
                              : file.found.empty() ? file.sources
                                                   : file.found});
    section.blocks.emplace_back(std::move(table));
}

void add_first_start(Document& document) {
    document.section(first_start_title)
        .blocks.emplace_back(List{
            {"Log on and read the event log; \"at least one service or driver failed\" may come once.",
             "Remove the old network cards in the Network applet.", "Run a disk check on each volume.",
             "Uninstall the hardware maker's agents with their own uninstallers.",
             "Install Service Pack 6a if it is missing, and again after any driver from the CD.",
             "Renew licences that are bound to hardware.", "Make a new emergency repair disk (rdisk /s)."}});
}

/// What the screen shows when something is wrong, and what that means (facts of the boot chain, KB articles).
void add_failures(Document& document) {
    document.section(failures_title)
        .blocks.emplace_back(Table{
            {"on the screen", "what it means"},
            {{"A disk read error occurred; A kernel file is missing from the disk",
              "the boot sector's geometry or hidden sectors are wrong"},
             {"Couldn't find NTLDR", "NTLDR is not in the root of the active partition"},
             {"Boot record signature AA55 not found",
              "the partition's start is wrong, or NTLDR before SP5 and a partition beyond 4 GB (KB Q197295)"},
             {"could not start because of a computer disk hardware configuration problem",
              "boot.ini leads to the wrong disk or uses scsi() (KB Q155118)"},
             {"Last Known Good menu, naming config\\SYSTEM",
              "SYSTEM and SYSTEM.ALT are damaged or too large (KB Q167233)"},
             {"HAL: This HAL.DLL requires an MPS version 1.1 system",
              "an MPS HAL on a machine without MP table (KB Q123732)"},
             {"HAL: ... cannot be run on non ... compatible", "a maker's HAL (KB Q202214)"},
             {"STOP 0000007B", "no driver for the boot disk, or boot.ini names another one"},
             {"STOP 00000079", "kernel and HAL do not belong together (KB Q162804)"},
             {"STOP 0000003E, 0000003F",
              "processor or memory that this service pack does not know (KB Q189988, Q160392)"},
             {"STOP 0000006B", "a system file is missing, mostly ntdll.dll (KB Q163240)"},
             {"STOP C0000143", "no display driver works, not even VGA (KB Q170397)"},
             {"STOP C0000218, 00000051", "a hive cannot be loaded (KB Q128254)"},
             {"STOP C000021A", "logon died: drive letters moved, or a replaced GINA (KB Q145578)"},
             {"STOP C0000221", "a file's checksum is wrong (KB Q245188)"},
             {"STOP 00000077, 0000007A", "the page file cannot be read (KB Q130801)"}}});
}

} // namespace

Document assessment_document(const assess::Assessment& assessment, const nt::Inspection& inspection,
                             bool with_inspection) {
    Document document;
    if (inspection.installations.empty()) {
        document.title = "No Windows NT installation";
    } else {
        const nt::Product& product = inspection.installations.front().product;
        document.title =
            fmt::format("{}: {}", product.name.empty() ? "(no name)" : product.name, product.full_title());
    }
    document.subtitle =
        fmt::format("assessed for profile {} ({}){}{}", assessment.profile, assessment.profile_title,
                    assessment.installation.empty() ? "" : ", ", assessment.installation);
    Section& verdict = document.section(verdict_title);
    verdict.blocks.emplace_back(verdict_line(assessment));
    Table counts;
    for (const Group& group : groups) {
        const auto count =
            std::count_if(assessment.findings.begin(), assessment.findings.end(),
                          [&](const assess::Finding& one) { return one.severity == group.severity; });
        if (count != 0)
            counts.rows.push_back({group.title, std::to_string(count)});
    }
    if (!counts.rows.empty())
        verdict.blocks.emplace_back(std::move(counts));
    add_findings(document, assessment);
    add_needed(document, assessment);
    if (assessment.verdict != assess::Verdict::cannot)
        add_first_start(document);
    if (with_inspection && assessment.verdict != assess::Verdict::cannot)
        add_failures(document);
    if (with_inspection)
        add_inspection(document, inspection, true);
    return document;
}

} // namespace ntferry::report
