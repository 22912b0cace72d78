// Assessments of the lookalike servers: each condition that a disk can show has its finding.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/assess/assess.hpp"

#include "converter/block/open.hpp"
#include "tests/support/lookalike.hpp"
#include "tests/support/skip.hpp"

#include <set>

using namespace ntferry;
using namespace ntferry::assess;

namespace {

nt::Inspection inspected(const std::string& variant, unsigned disks, const profiles::Profile& profile) {
    std::vector<block::SharedBlockDevice> devices;
    for (unsigned i = 0; i < disks; ++i)
        devices.emplace_back(block::open_disk(test::lookalike_disk(variant, i)));
    nt::DiskSet set(std::move(devices));
    return nt::inspect(set, inspect_options(profile));
}

const profiles::Profile& nt4() {
    static const profiles::Profile profile = profiles::find_profile("nt4");
    return profile;
}

struct Expected {
    const char* variant;
    unsigned disks;
    Verdict verdict;
    std::vector<std::string> codes;
    std::vector<std::string> not_codes;
};

} // namespace

TEST_CASE("each lookalike server gets the findings that its disks call for") {
    if (const std::string missing = test::lookalike_missing(); !missing.empty())
        NTFERRY_SKIP(missing);
    const Expected expected = GENERATE(
        Expected{
            "scsi-ntfs",
            1,
            Verdict::needs_decision,
            {"boot.scsi-arc", "boot.ntbootdd", "storage.adapter", "storage.atapi-start", "network.replace",
             "files.needed", "input.serial-mouse", "settings.auto-reboot", "video.driver"},
            {"disk.geometry", "boot.hidden-sectors", "hal.replace", "hive.dirty", "product.other-version"}},
        Expected{"fat16-ntfs",
                 1,
                 Verdict::needs_decision,
                 {"volume.fat-64k", "product.service-pack", "boot.dual", "storage.atapi-start"},
                 {"boot.scsi-arc"}},
        Expected{"geo-240",
                 1,
                 Verdict::needs_decision,
                 {"disk.geometry", "storage.adapter"},
                 {"disk.geometry-contradiction"}},
        Expected{
            "compaq-eisa",
            1,
            Verdict::needs_decision,
            {"disk.vendor-partition", "disk.geometry", "service.agent", "files.needed", "storage.adapter"},
            {}},
        Expected{"compaq-mp",
                 1,
                 Verdict::needs_decision,
                 {"hal.replace", "hal.processors", "files.needed", "service.agent"},
                 {"hal.mismatch"}},
        Expected{"mps-mp",
                 1,
                 Verdict::needs_decision,
                 {"hal.replace", "hal.evidence-disagrees"},
                 {"hal.mismatch", "hal.oem"}},
        Expected{"dc-teaming",
                 1,
                 Verdict::needs_decision,
                 {"product.pdc", "network.team", "service.network-service"},
                 {"network.count"}},
        Expected{"tse", 1, Verdict::needs_decision, {"product.terminal-server"}, {}},
        Expected{
            "dirty-hive", 1, Verdict::needs_decision, {"hive.dirty", "storage.adapter"}, {"hive.unusable"}},
        Expected{"alt-hive", 1, Verdict::needs_decision, {"hive.alternate"}, {"hive.unusable"}},
        Expected{"dirty-ntfs", 1, Verdict::needs_decision, {"volume.journal"}, {}},
        Expected{
            "ft-mirror", 2, Verdict::needs_decision, {"ft.mirror"}, {"ft.unknown-member", "ft.incomplete"}},
        Expected{"ft-mirror", 1, Verdict::needs_decision, {"ft.mirror"}, {"ft.unknown-member"}},
        Expected{"ft-stripe", 2, Verdict::needs_decision, {"ft.set"}, {"ft.incomplete"}},
        Expected{"ft-stripe", 1, Verdict::needs_decision, {"ft.incomplete"}, {}},
        Expected{"beyond-8g",
                 1,
                 Verdict::needs_decision,
                 {"boot.system-root-beyond-reach", "boot.scsi-arc"},
                 {"boot.system-beyond-reach"}},
        Expected{"vendor-raid",
                 1,
                 Verdict::needs_decision,
                 {"service.dongle", "service.ups", "service.filter", "service.remote-control",
                  "service.agent", "logon.gina", "ports.used", "boot.noserialmice", "boot.debug",
                  "settings.check-scheduled", "storage.adapter", "video.driver"},
                 {}},
        Expected{"nt351", 1, Verdict::cannot, {"product.other-version"}, {"hal.replace"}},
        Expected{"win2000", 1, Verdict::cannot, {"product.other-version", "boot.signature-arc"}, {}},
        Expected{"dos", 1, Verdict::cannot, {"product.none"}, {}});
    CAPTURE(expected.variant, expected.disks);
    const Assessment assessment = assess::assess(inspected(expected.variant, expected.disks, nt4()), nt4());
    std::string seen;
    for (const Finding& one : assessment.findings)
        seen += one.code + " (" + severity_name(one.severity) + "): " + one.title + "\n";
    INFO(seen);
    CHECK(std::string(verdict_name(assessment.verdict)) == verdict_name(expected.verdict));
    for (const std::string& code : expected.codes) {
        CAPTURE(code);
        CHECK(assessment.has(code));
    }
    for (const std::string& code : expected.not_codes) {
        CAPTURE(code);
        CHECK_FALSE(assessment.has(code));
    }
    for (const Finding& one : assessment.findings) {
        CAPTURE(one.code);
        CHECK_FALSE(one.title.empty());
        CHECK_FALSE(one.evidence.empty());
        CHECK_FALSE(one.why.empty());
        CHECK_FALSE(one.remedy.empty());
    }
}

TEST_CASE("the files that the machine needs are named with their sources") {
    if (const std::string missing = test::lookalike_missing(); !missing.empty())
        NTFERRY_SKIP(missing);
    const Assessment assessment = assess::assess(inspected("compaq-mp", 1, nt4()), nt4());
    std::set<std::string> names;
    for (const NeededFile& file : assessment.needed) {
        names.insert(file.name);
        CHECK_FALSE(file.sources.empty());
        if (file.name == "amdpcn.sys")
            CHECK(file.sources.find("AMDPCN.SY_") + file.sources.find("amdpcn.sy_") != 2 * std::string::npos);
        if (file.name == "ntoskrnl.exe")
            CHECK(file.sources.find("Service Pack 5") != std::string::npos);
    }
    CHECK(names == std::set<std::string>{"amdpcn.sys", "atapi.sys", "hal.dll", "ntoskrnl.exe"});
}

TEST_CASE("an MPS HAL stays with a profile that has an APIC") {
    if (const std::string missing = test::lookalike_missing(); !missing.empty())
        NTFERRY_SKIP(missing);
    const profiles::Profile profile = profiles::find_profile("nt4-mps");
    const Assessment assessment = assess::assess(inspected("mps-mp", 1, profile), profile);
    CHECK_FALSE(assessment.has("hal.replace"));
    CHECK(assessment.has("hal.mps-idle"));
}

TEST_CASE("the JSON form keeps its schema") {
    Assessment assessment;
    assessment.profile = "nt4";
    assessment.findings.push_back({"a.b", Severity::change, "title", "evidence", "why", "remedy"});
    assessment.verdict = Verdict::ready_with_changes;
    CHECK(
        boost::json::serialize(to_json(assessment)) ==
        R"({"schema":"ntferry.assessment","version":1,"profile":"nt4","verdict":"ready with changes","installation":"",)"
        R"("findings":[{"code":"a.b","severity":"change","title":"title","evidence":"evidence","why":"why","remedy":"remedy"}],)"
        R"("needed_files":[]})");
}
