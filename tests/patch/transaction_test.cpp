// The transaction: exact captures stay, all or nothing, independent tools see what was planned and nothing
// else. SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/block/open.hpp"
#include "converter/patch/durable.hpp"
#include "tests/patch/scenario.hpp"
#include "tests/support/bundle.hpp"
#include "tests/support/lookalike.hpp"
#include "tests/support/run.hpp"
#include "tests/support/skip.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <thread>

#include <sys/wait.h>
#include <unistd.h>

using namespace ntferry;
using namespace ntferry::patch;
using test::Scenario;

namespace {

constexpr const char* key_atapi = "ControlSet001\\Services\\atapi";

std::set<std::string> files_of(const Scenario& scenario) {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(scenario.workspace().name))
        if (entry.is_regular_file())
            names.insert(entry.path().filename().string());
    return names;
}

std::string text_of(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

std::string hive_export(const std::string& hive) {
    const auto result = test::run_shell("hivexregedit --export --max-depth 99 '" + hive +
                                        "' '\\' 2>/dev/null || hivexregedit --export '" + hive + "' '\\'");
    REQUIRE(result.exit_code == 0);
    return result.out;
}

/// Lines that only one of two sorted texts has.
std::vector<std::string> difference(const std::string& before, const std::string& after) {
    std::multiset<std::string> old;
    std::istringstream lines(before);
    for (std::string line; std::getline(lines, line);)
        old.insert(line);
    std::vector<std::string> fresh;
    std::istringstream more(after);
    for (std::string line; std::getline(more, line);)
        if (const auto at = old.find(line); at != old.end())
            old.erase(at);
        else
            fresh.push_back(line);
    return fresh;
}

} // namespace

TEST_CASE("patching leaves the capture byte for byte and puts every change into an overlay") {
    if (const auto missing = test::lookalike_missing(); !missing.empty())
        NTFERRY_SKIP(missing);
    const Scenario scenario("scsi-ntfs");
    const auto before = durable::hash_file(scenario.workspace().disks[0].base);
    const ApplyResult result = scenario.patch();
    CHECK(durable::hash_file(scenario.workspace().disks[0].base) == before);
    CHECK(result.changes > 20);
    CHECK(files_of(scenario) ==
          std::set<std::string>{"disk0.vhd", "disk0.patched.vhd", "plan.xml", "plan.json"});
    const auto patched = scenario.subject(true);
    CHECK(patched->hive(HiveId::system).dword(key_atapi, "Start") == 0U);
    CHECK(scenario.subject(false)->hive(HiveId::system).dword(key_atapi, "Start") == 1U);
    const Plan stored = parse_plan(text_of(scenario.workspace().plan_xml), "plan.xml");
    CHECK(stored.actions.size() == result.changes);
    REQUIRE(stored.overlays.size() == 1);
}

TEST_CASE("hivexregedit, reged and ntfscat read the patched hives, and find the planned changes alone") {
    if (const auto missing = test::lookalike_missing(); !missing.empty())
        NTFERRY_SKIP(missing);
    if (!test::have_program("hivexregedit") || !test::have_program("reged") || !test::have_program("ntfscat"))
        NTFERRY_SKIP("hivexregedit, reged or ntfscat is not installed");
    const Scenario scenario("scsi-ntfs");
    scenario.patch();
    const volume::Partition partition = scenario.subject()->volumes().layout(0).partitions.at(0);
    test::write_raw(scenario.workspace().disks[0].base, scenario.path("before.img"));
    test::write_raw(scenario.workspace().disks[0].overlay, scenario.path("after.img"));
    const auto extract = [&](const std::string& image, const std::string& file, const std::string& name) {
        test::extract_file(scenario.path(image), partition.offset(), partition.bytes(), true, file,
                           scenario.path(name));
        return scenario.path(name);
    };
    const std::string before = extract("before.img", "WINNT/system32/config/SYSTEM", "before.system");
    const std::string after = extract("after.img", "WINNT/system32/config/SYSTEM", "after.system");
    CHECK(text_of(after) == text_of(extract("after.img", "WINNT/system32/config/SYSTEM.ALT", "after.alt")));
    CHECK(text_of(before) ==
          text_of(extract("after.img", "WINNT/system32/config/system.p2v", "kept.system")));

    const auto fresh = difference(hive_export(before), hive_export(after));
    CHECK_FALSE(fresh.empty());
    const std::set<std::string> names{"\"Start\"",       "\"DriverParameter\"",
                                      "\"Type\"",        "\"ErrorControl\"",
                                      "\"Group\"",       "\"ImagePath\"",
                                      "\"DisplayName\"", "\"Bind\"",
                                      "\"Export\"",      "\"Route\"",
                                      "\"BusType\"",     "\"BusNumber\"",
                                      "\"SlotNumber\"",  "\"TP\"",
                                      "\"FDUP\"",        "\"MediaType\"",
                                      "\"AutoReboot\"",  "\"CrashDumpEnabled\""};
    for (const std::string& line : fresh) {
        INFO(line);
        const bool key = line.empty() || line.front() == '[';
        CHECK((key || names.count(line.substr(0, line.find('='))) == 1));
    }
    const auto exported = test::run_shell(
        "reged -x '" + after + "' 'HKEY_LOCAL_MACHINE\\SYSTEM' '\\ControlSet001\\Services\\atapi' '" +
        scenario.path("atapi.reg") + "'");
    CHECK_THAT(text_of(scenario.path("atapi.reg")), Catch::Contains("\"Start\"=dword:00000000"));
    CHECK(exported.err.find("error") == std::string::npos);
    const std::string boot_ini = text_of(extract("after.img", "boot.ini", "boot.ini"));
    CHECK_THAT(boot_ini, Catch::Contains("default=multi(0)disk(0)rdisk(0)partition(1)\\WINNT"));
    CHECK_THAT(boot_ini, Catch::Contains(
                             "scsi(0)disk(0)rdisk(0)partition(1)\\WINNT=\"Windows NT Server Version 4.00\""));
}

TEST_CASE("undo gives the exact capture back, and refuses to lose what the machine has written") {
    if (const auto missing = test::lookalike_missing(); !missing.empty())
        NTFERRY_SKIP(missing);
    const Scenario scenario("scsi-ntfs");
    CHECK_FALSE(undo(scenario.workspace(), {}));
    scenario.patch();
    CHECK(undo(scenario.workspace(), {}));
    CHECK(files_of(scenario) == std::set<std::string>{"disk0.vhd"});

    scenario.patch();
    {
        const auto disk =
            block::open_disk(scenario.workspace().disks[0].overlay, {.access = block::Access::read_write});
        disk->write(disk->size() - 512, Bytes(512, 7));
        disk->flush();
    }
    CHECK_THROWS_WITH(undo(scenario.workspace(), {}), Catch::Contains("has run from it"));
    CHECK(undo(scenario.workspace(), {.lose_changes = true}));
}

TEST_CASE("a patched machine is not patched twice, and a plan is not applied to another disk") {
    if (const auto missing = test::lookalike_missing(); !missing.empty())
        NTFERRY_SKIP(missing);
    const Scenario scenario("scsi-ntfs");
    const Plan plan = scenario.plan();
    SilentProgress progress;
    apply(plan, scenario.workspace(), {}, progress);
    CHECK_THROWS_WITH(apply(plan, scenario.workspace(), {}, progress), Catch::Contains("patched already"));

    const Scenario other("ide-ntfs");
    CHECK_THROWS_WITH(apply(plan, other.workspace(), {}, progress),
                      Catch::Contains("not what the plan was made for"));
    CHECK(files_of(other) == std::set<std::string>{"disk0.vhd"});
}

TEST_CASE("a failure at any step leaves the exact capture alone") {
    if (const auto missing = test::lookalike_missing(); !missing.empty())
        NTFERRY_SKIP(missing);
    const Scenario scenario("scsi-ntfs");
    const Plan plan = scenario.plan();
    SilentProgress progress;
    std::vector<std::string> steps;
    ApplyOptions record;
    record.at_step = [&](std::string_view step) { steps.emplace_back(step); };
    apply(plan, scenario.workspace(), record, progress);
    undo(scenario.workspace(), {});
    REQUIRE(steps.size() > 30);
    for (std::size_t fatal = 0; fatal < steps.size(); ++fatal) {
        // Every step that is not one of the many registry edits, and a sample of those.
        if (fatal % 7 != 0 && steps[fatal].find('.') != std::string::npos)
            continue;
        std::size_t at = 0;
        ApplyOptions options;
        options.at_step = [&](std::string_view) {
            if (at++ == fatal)
                throw Error("test", "stopped here");
        };
        INFO(steps[fatal]);
        CHECK_THROWS_AS(apply(plan, scenario.workspace(), options, progress), Error);
        CHECK_FALSE(scenario.workspace().patched());
        clean_up(scenario.workspace());
        CHECK(files_of(scenario) == std::set<std::string>{"disk0.vhd"});
    }
}

TEST_CASE("killed at any moment the bundle is either unpatched or patched") {
    if (const auto missing = test::lookalike_missing(); !missing.empty())
        NTFERRY_SKIP(missing);
    const Scenario scenario("scsi-ntfs");
    const Plan plan = scenario.plan();
    const auto whole = durable::hash_file(scenario.workspace().disks[0].base);
    unsigned patched = 0;
    unsigned unpatched = 0;
    for (unsigned round = 0; round < 16; ++round) {
        const pid_t child = fork();
        REQUIRE(child >= 0);
        if (child == 0) {
            SilentProgress progress;
            try {
                apply(plan, scenario.workspace(), {}, progress);
            } catch (...) {
                _exit(3);
            }
            _exit(0);
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(3 + 9 * round));
        kill(child, SIGKILL);
        int status = 0;
        waitpid(child, &status, 0);
        CHECK((WIFSIGNALED(status) || WEXITSTATUS(status) == 0));
        CHECK(durable::hash_file(scenario.workspace().disks[0].base) == whole);
        if (scenario.workspace().patched()) {
            ++patched;
            CHECK(scenario.subject(true)->hive(HiveId::system).dword(key_atapi, "Start") == 0U);
            CHECK(undo(scenario.workspace(), {}));
        } else {
            ++unpatched;
            clean_up(scenario.workspace());
        }
        // plan.xml.new may stay behind; the next patch writes over it.
        std::filesystem::remove(scenario.workspace().plan_xml + ".new");
        std::filesystem::remove(scenario.workspace().plan_json + ".new");
        CHECK(files_of(scenario) == std::set<std::string>{"disk0.vhd"});
    }
    CHECK(unpatched > 0);
    WARN("killed " << unpatched << " times before and " << patched << " times after the commit");
}

TEST_CASE("a dirty volume is written only after a decision") {
    if (const auto missing = test::lookalike_missing(); !missing.empty())
        NTFERRY_SKIP(missing);
    Scenario scenario("dirty-ntfs");
    try {
        scenario.patch();
        FAIL("was patched");
    } catch (const Error& error) {
        CHECK(error.kind() == ErrorKind::decision);
        CHECK_THAT(error.what(), Catch::Contains("--decide dirty=empty-log"));
    }
    CHECK(files_of(scenario) == std::set<std::string>{"disk0.vhd"});
    scenario.overrides.decisions["dirty"] = "empty-log";
    scenario.patch();
    CHECK(scenario.subject(true)->hive(HiveId::system).dword(key_atapi, "Start") == 0U);
}
