// Every lookalike goes through convert and check: what is refused, for which reason, and what becomes of it
// once that is answered. SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/migrate/support.hpp"
#include "tests/support/run.hpp"
#include "tests/support/skip.hpp"
#include "tests/support/temp_dir.hpp"

#include "profiles/machine.hpp"

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <set>
#include <sstream>

using namespace ntferry;
using test::ntferry_run;
using test::Outcome;
namespace fs = std::filesystem;

namespace {

using Strings = std::vector<std::string>;

struct Way {
    const char* variant;
    Strings answers;    ///< without which it is refused with exit code 3; empty: nothing stands in the way
    const char* reason; ///< part of what the refusal says
    int exit_code;      ///< of convert, once answered
    const char* conclusion; ///< part of its last lines
    const char* profile = "nt4";
};

Strings drivers(const char* folder) {
    return {"--drivers", test::lookalike_media() + "/" + folder};
}

const char* const good = "converted and checked";

std::vector<Way> ways() {
    return {
        {"scsi-ntfs", {}, "", 0, good},
        {"ide-ntfs", {}, "", 0, good},
        {"fat16-ntfs", {}, "", 0, good},
        {"geo-240", {}, "", 0, good},
        {"compaq-eisa", {}, "", 0, good},
        // Its HAL must go, and one of exactly its service pack is not on the CD.
        {"compaq-mp", drivers("sp5"), "[hal]", 0, good},
        {"mps-mp", {}, "", 0, good},
        {"dc-teaming", {}, "", 0, good},
        {"tse", drivers("tse-cd"), "", 0, good},
        {"dirty-hive", {}, "", 0, good},
        {"alt-hive", {}, "", 0, good},
        // Its log holds what was not written yet: nobody but the administrator may give that up.
        {"dirty-ntfs", {"--decide", "dirty=empty-log"}, "[dirty]", 0, good},
        {"ft-mirror", {}, "", 0, good},
        {"ft-stripe", {}, "", 0, good},
        {"ft-parity", {}, "", 0, good},
        {"ft-volume", {}, "", 0, good},
        // NTLDR reads through INT 13h, which ends before its kernel: carried, and said not to start.
        {"beyond-8g", {"--decide", "boot-limit=carry"}, "[boot-limit]", 1, "INT 13h ends at"},
        {"stale-data", {}, "", 0, good},
        {"vendor-raid", {}, "", 0, good},
        {"nt351", {"--decide", "nic-driver=without"}, "an NT 3.51 CD has it", 0, good, "nt351"},
        {"win2000", {}, "", 0, good, "win2000"},
        {"dos", {}, "", 0, "carried as it is", "dos"},
    };
}

Strings convert_line(const std::string& variant, const std::string& bundle) {
    Strings line{"convert", test::lookalike_disk(variant)};
    const std::size_t disks = test::lookalike_facts(variant).at("disks").as_array().size();
    for (unsigned index = 1; index < disks; ++index)
        line.insert(line.end(), {"--disk", test::lookalike_disk(variant, index)});
    line.insert(line.end(), {"-o", bundle, "--drivers", test::lookalike_media() + "/cd", "--drivers",
                             test::lookalike_media() + "/sp6a", "--yes", "--engine", "qemu"});
    return line;
}

Outcome run(Strings line, const Strings& more) {
    line.insert(line.end(), more.begin(), more.end());
    return ntferry_run(line);
}

} // namespace

TEST_CASE("every lookalike goes through convert and check or is refused for a reason that is told") {
    if (const std::string missing = test::lookalike_missing(); !missing.empty())
        NTFERRY_SKIP(missing);
    for (const Way& way : ways()) {
        INFO(way.variant);
        const test::TempDir dir;
        const std::string bundle = dir / "bundle";
        const Strings line = convert_line(way.variant, bundle);
        if (!way.answers.empty() && *way.reason != '\0') {
            const Outcome refused = run(line, {"--no-boot"});
            INFO(refused.out << refused.err);
            CHECK(refused.exit_code == 3);
            CHECK_THAT(refused.out, Catch::Contains(way.reason));
            CHECK_THAT(refused.out, Catch::Contains("nothing was written"));
            CHECK_FALSE(fs::exists(bundle));
        }
        Strings answers = way.answers;
        answers.emplace_back("--no-boot");
        const Outcome outcome = run(line, answers);
        INFO(outcome.out << outcome.err);
        CHECK(outcome.exit_code == way.exit_code);
        CHECK_THAT(outcome.out, Catch::Contains(way.conclusion));
        const Outcome checked = ntferry_run({"check", bundle});
        INFO(checked.out << checked.err);
        // 4: there is no Windows NT whose way to start could be walked.
        CHECK(checked.exit_code == (std::string_view(way.profile) == "dos" ? 4 : way.exit_code));
        if (way.exit_code == 0)
            CHECK(profiles::load_machine(bundle + "/machine.xml").profile == way.profile);
    }
}

TEST_CASE("what is no Windows NT 4.0 is not taken for one when its profile is asked for") {
    if (const std::string missing = test::lookalike_missing(); !missing.empty())
        NTFERRY_SKIP(missing);
    const std::string variant = GENERATE("dos", "win2000", "nt351");
    const std::string reason = variant == "dos" ? "[product.none]" : "[product.other-version]";
    CAPTURE(variant);
    const test::TempDir dir;
    const Outcome outcome = run(convert_line(variant, dir / "bundle"), {"--no-boot", "--profile", "nt4"});
    INFO(outcome.out);
    CHECK(outcome.exit_code == 4);
    CHECK_THAT(outcome.out, Catch::Contains(reason));
    CHECK_FALSE(fs::exists(dir / "bundle"));
}

TEST_CASE("a disk without a system says so in its trial boot, and what it says is told") {
    if (const std::string missing = test::lookalike_missing(); !missing.empty())
        NTFERRY_SKIP(missing);
    if (!test::have_program("qemu-system-i386"))
        NTFERRY_SKIP("no qemu-system-i386");
    const test::TempDir dir;
    const Outcome outcome = run(convert_line("dos", dir / "bundle"), {});
    INFO(outcome.out << outcome.err);
    CHECK(outcome.exit_code == 1);
    CHECK_THAT(outcome.out, Catch::Contains("formatted without a system"));
    CHECK_THAT(outcome.out, Catch::Contains("carried as it is"));
}

TEST_CASE("no lookalike is left out of the ways") {
    if (const std::string missing = test::lookalike_missing(); !missing.empty())
        NTFERRY_SKIP(missing);
    const auto listed = test::run_shell("'" NTFERRY_SOURCE_DIR "/tests/lookalike/make' --list");
    REQUIRE(listed.exit_code == 0);
    std::set<std::string> all;
    std::istringstream lines(listed.out);
    for (std::string name; std::getline(lines, name);)
        all.insert(name.substr(0, name.find(' ')));
    std::set<std::string> known;
    for (const Way& way : ways())
        known.insert(way.variant);
    CHECK(known == all);
    // Neither list may lose one unseen.
    CHECK(ways().size() == 22);
    std::set<std::string> tried;
    std::istringstream names(NTFERRY_TRIED_LOOKALIKES);
    for (std::string name; names >> name;)
        tried.insert(name);
    CHECK(tried == all);
}

// One section for each; ctest runs them one by one (label rig-qemu).
TEST_CASE("each lookalike is converted with its trial boot or is refused for the right reason", "[.trial]") {
    if (const std::string missing = test::lookalike_missing(); !missing.empty())
        NTFERRY_SKIP(missing);
    if (!test::have_program("qemu-system-i386"))
        NTFERRY_SKIP("no qemu-system-i386");
    for (const Way& way : ways())
        DYNAMIC_SECTION(way.variant) {
            const test::TempDir dir;
            const Outcome outcome = run(convert_line(way.variant, dir / "bundle"), way.answers);
            INFO(outcome.out << outcome.err);
            CHECK_THAT(outcome.out, Catch::Contains(way.conclusion));
            const bool system = std::string_view(way.profile) != "dos";
            CHECK(outcome.exit_code == (system ? way.exit_code : 1));
            if (!system) // a disk that was formatted without a system: it says so itself
                CHECK_THAT(outcome.out, Catch::Contains("formatted without a system"));
            else if (way.exit_code == 0)
                CHECK_THAT(outcome.out, Catch::Contains("the trial boot rests at"));
            else // what cannot start is not tried
                CHECK_FALSE(fs::exists(dir / "bundle/logs/trial.png"));
            std::cout << way.variant << ": exit " << outcome.exit_code << ", "
                      << outcome.out.substr(outcome.out.rfind('\n', outcome.out.size() - 2) + 1);
        }
}

TEST_CASE("servers of every kind reach their loader in the trial boot") {
    if (const std::string missing = test::lookalike_missing(); !missing.empty())
        NTFERRY_SKIP(missing);
    if (!test::have_program("qemu-system-i386"))
        NTFERRY_SKIP("no qemu-system-i386");
    const std::string variant =
        GENERATE("ft-parity", "ft-volume", "compaq-mp", "dirty-ntfs", "nt351", "win2000");
    CAPTURE(variant);
    const std::vector<Way> all = ways();
    const auto way = std::find_if(all.begin(), all.end(), [&](const Way& w) { return variant == w.variant; });
    const test::TempDir dir;
    const Outcome outcome = run(convert_line(variant, dir / "bundle"), way->answers);
    INFO(outcome.out << outcome.err);
    CHECK(outcome.exit_code == 0);
    CHECK_THAT(outcome.out, Catch::Contains("the trial boot"));
}
