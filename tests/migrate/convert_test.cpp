// Whole conversions of lookalike servers, and refusals.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/bundle/journal.hpp"
#include "migrate/launch/bundle_lock.hpp"
#include "tests/migrate/support.hpp"
#include "tests/support/run.hpp"
#include "tests/support/skip.hpp"
#include "tests/support/temp_dir.hpp"

#include "profiles/machine.hpp"

#include <boost/json.hpp>

#include <filesystem>
#include <fstream>
#include <sstream>

using namespace ntferry;
using test::convert;
using test::ntferry_run;
using test::Outcome;
namespace fs = std::filesystem;

namespace {

boost::json::object report_of(const std::string& bundle) {
    std::ifstream file(bundle + "/report.json");
    std::stringstream text;
    text << file.rdbuf();
    return boost::json::parse(text.str()).as_object();
}

} // namespace

TEST_CASE("Lookalike servers become bundles that boot") {
    if (const std::string missing = test::lookalike_missing(); !missing.empty())
        NTFERRY_SKIP(missing);
    if (!test::have_program("qemu-system-i386"))
        NTFERRY_SKIP("no qemu-system-i386");
    const std::string variant = GENERATE("scsi-ntfs", "fat16-ntfs", "geo-240");
    const test::TempDir dir;
    const std::string bundle = dir / "bundle";
    const Outcome outcome = convert(variant, bundle);
    INFO(variant << "\n" << outcome.out << outcome.err);
    REQUIRE(outcome.exit_code == 0);
    CHECK((fs::status(bundle + "/disks/disk0.vhd").permissions() & fs::perms::all) == fs::perms(0444));
    for (const char* file : {"machine.xml", "plan.xml", "plan.json", "report.html",
                             "disks/disk0.vhd.manifest.json", "disks/disk0.patched.vhd", "logs/trial.png"})
        CHECK(fs::exists(bundle + "/" + file));
    CHECK_FALSE(fs::exists(bundle + "/state/trial"));
    const auto trial = report_of(bundle).at("trials").as_array().at(0).as_object();
    CHECK(trial.at("outcome").as_string() == "stable-screen");

    // The page begins with what its reader has to do, and calls the server by its name.
    std::ifstream file(bundle + "/report.html");
    const std::string page{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    const std::string name = test::lookalike_facts(variant).at("computer_name").as_string().c_str();
    CHECK(page.find("<title>Conversion of " + name + "</title>") != std::string::npos);
    std::size_t before = 0;
    for (const char* title :
         {"Result", "Trial boot", "The machine", "After the first start",
          "What the assessment said beforehand", "What was changed, and why", "If a start fails"}) {
        const std::size_t at = page.find(std::string("<h2>") + title + "</h2>");
        INFO(title);
        REQUIRE(at != std::string::npos);
        CHECK(at > before);
        before = at;
    }
}

TEST_CASE("A bundle is moved, loses its geometry, and the cure finds it again") {
    if (const std::string missing = test::lookalike_missing(); !missing.empty())
        NTFERRY_SKIP(missing);
    if (!test::have_program("qemu-system-i386"))
        NTFERRY_SKIP("no qemu-system-i386");
    const test::TempDir dir;
    REQUIRE(convert("scsi-ntfs", dir / "first", {"--no-boot"}).exit_code == 0);
    fs::create_directories(dir / "elsewhere");
    const std::string bundle = dir / "elsewhere/renamed";
    fs::rename(dir / "first", bundle);
    auto machine = profiles::load_machine(bundle + "/machine.xml");
    const profiles::DiskGeometry right = machine.disks.at(0).geometry.value();
    machine.disks[0].geometry = profiles::DiskGeometry{500, 16, 63};
    profiles::save_machine(machine, bundle + "/machine.xml");
    const Outcome bad = ntferry_run({"verify", bundle, "--engine", "qemu", "--quiet"});
    CHECK(bad.exit_code == 1);
    const Outcome cured = ntferry_run({"verify", bundle, "--engine", "qemu", "--cure", "--yes", "--quiet"});
    INFO(cured.out << cured.err);
    CHECK(cured.exit_code == 0);
    CHECK(profiles::load_machine(bundle + "/machine.xml").disks.at(0).geometry.value() == right);
}

TEST_CASE("Refusals write nothing and say why") {
    if (const std::string missing = test::lookalike_missing(); !missing.empty())
        NTFERRY_SKIP(missing);
    const test::TempDir dir;
    const std::string disk = test::lookalike_disk("scsi-ntfs");
    SECTION("driver files are missing: a decision") {
        const Outcome outcome = ntferry_run({"convert", disk, "-o", dir / "bundle", "--yes"});
        CHECK(outcome.exit_code == 3);
        CHECK(outcome.out.find("nothing was written") != std::string::npos);
    }
    SECTION("a dry run only tells") {
        CHECK(convert("scsi-ntfs", dir / "bundle", {"--dry-run"}).exit_code == 0);
    }
    SECTION("nothing that is known on the disk: a decision; with a profile of NT: cannot") {
        test::run_shell("truncate -s 64M " + (dir / "empty.img"));
        const std::vector<std::string> line{"convert", dir / "empty.img", "-o", dir / "bundle", "--quiet"};
        const Outcome outcome = ntferry_run(line);
        CHECK(outcome.exit_code == 3);
        CHECK(outcome.err.find("--profile") != std::string::npos);
        CHECK(outcome.err.find("empty.img") == outcome.err.rfind("empty.img")); // named once
        std::vector<std::string> as_nt4 = line;
        as_nt4.insert(as_nt4.end(), {"--profile", "nt4"});
        CHECK(ntferry_run(as_nt4).exit_code == 4);
    }
    SECTION("no output folder: usage") {
        CHECK(ntferry_run({"convert", disk}).exit_code == 2);
    }
    CHECK_FALSE(fs::exists(dir / "bundle"));
}

TEST_CASE("Driver files that were supplied are no open question; what else has to be decided needs --yes") {
    if (const std::string missing = test::lookalike_missing(); !missing.empty())
        NTFERRY_SKIP(missing);
    const test::TempDir dir;
    const std::string disk = test::lookalike_disk("scsi-ntfs");
    std::vector<std::string> line = test::convert_arguments(disk, dir / "bundle");
    line.erase(std::find(line.begin(), line.end(), "--yes"));
    line.push_back("--no-boot");
    const bool twins = GENERATE(false, true); // two disks with one signature: which is which?
    if (twins) {
        fs::copy_file(disk, dir / "twin.img");
        line.insert(line.end(), {"--disk", dir / "twin.img"});
    }
    CHECK(ntferry_run(line).exit_code == (twins ? 3 : 0));
    CHECK(fs::exists(dir / "bundle") == !twins);
}

TEST_CASE("A conversion that is refused leaves the report of the one before") {
    if (const std::string missing = test::lookalike_missing(); !missing.empty())
        NTFERRY_SKIP(missing);
    const test::TempDir dir;
    REQUIRE(convert("scsi-ntfs", dir / "bundle", {"--no-boot"}).exit_code == 0);
    const Outcome again =
        ntferry_run({"convert", test::lookalike_disk("scsi-ntfs"), "-o", dir / "bundle", "--resume"});
    CHECK(again.exit_code == 3); // without driver files
    CHECK(again.out.find("The report is") == std::string::npos);
    CHECK(report_of(dir / "bundle").at("exit_code") == 0);
}

TEST_CASE("Another system than NT 4.0 is carried, by the profile of its family, and told what was not done") {
    if (const std::string missing = test::lookalike_missing(); !missing.empty())
        NTFERRY_SKIP(missing);
    struct Other {
        const char* variant;
        const char* profile;
        const char* own; ///< an action of the administrator
    };
    const Other other = GENERATE(Other{"nt351", "nt351", "Spooler"}, Other{"win2000", "win2000", "Spooler"},
                                 Other{"dos", "dos", ""});
    CAPTURE(other.variant);
    const test::TempDir dir;
    std::vector<std::string> more{"--no-boot", "--decide", "nic-driver=without"};
    if (*other.own != '\0')
        more.insert(more.end(), {"--set", "SYSTEM\\CurrentControlSet\\Services\\" + std::string(other.own) +
                                              "\\Start=dword:4"});
    if (std::string_view(other.variant) != "nt351")
        more.erase(more.begin() + 1, more.begin() + 3);
    const Outcome outcome = convert(other.variant, dir / "bundle", more);
    INFO(outcome.out << outcome.err);
    REQUIRE(outcome.exit_code == 0);
    CHECK(profiles::load_machine(dir / "bundle/machine.xml").profile == other.profile);
    const auto report = report_of(dir / "bundle");
    const auto& plan = report.at("plan").as_object();
    CHECK_FALSE(plan.at("not_done").as_array().empty());
    CHECK(report.at("conclusion").as_string().find("not done") != std::string::npos);
    const bool own = boost::json::serialize(plan.at("actions")).find("\"rule\":\"own\"") != std::string::npos;
    CHECK(own == (*other.own != '\0'));
}

TEST_CASE("A conversion goes on only where one was begun, and never over something else") {
    if (const std::string missing = test::lookalike_missing(); !missing.empty())
        NTFERRY_SKIP(missing);
    const test::TempDir dir;
    CHECK(convert("scsi-ntfs", dir / "bundle", {"--resume", "--no-boot"}).exit_code == 2);
    REQUIRE(convert("scsi-ntfs", dir / "bundle", {"--no-boot"}).exit_code == 0);
    CHECK(convert("scsi-ntfs", dir / "bundle", {"--no-boot"}).exit_code == 2);
    CHECK(convert("scsi-ntfs", dir / "bundle", {"--resume", "--no-boot"}).exit_code == 0);
    const auto machine = launch::lock_bundle(dir / "bundle"); // as while it runs
    CHECK(convert("scsi-ntfs", dir / "bundle", {"--resume", "--no-boot"}).exit_code == 3);
}

TEST_CASE("A capture cut off before its map was there is made anew") {
    if (const std::string missing = test::lookalike_missing(); !missing.empty())
        NTFERRY_SKIP(missing);
    const test::TempDir dir;
    const std::string folder = dir / "bundle";
    bundle::Journal::begin(folder, {test::lookalike_disk("scsi-ntfs")}, "nt4");
    std::ofstream(folder + "/disks/.disk0.vhd.part") << "the first bytes of an image";
    const Outcome outcome = convert("scsi-ntfs", folder, {"--resume", "--no-boot"});
    INFO(outcome.err);
    CHECK(outcome.exit_code == 0);
    CHECK(ntferry_run({"image", "verify", folder + "/disks/disk0.vhd", "--quiet"}).exit_code == 0);
}
