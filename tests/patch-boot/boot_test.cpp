// Patched disks under QEMU: their boot code still reaches NTLDR, and a guest finds the patched values on its
// IDE disk. SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/volume/geometry.hpp"
#include "tests/lookalike/qemu.hpp"
#include "tests/patch-boot/inside.hpp"
#include "tests/patch/scenario.hpp"
#include "tests/support/bundle.hpp"
#include "tests/support/lookalike.hpp"
#include "tests/support/skip.hpp"

#include <catch2/catch.hpp>

#include <iostream>
#include <sstream>

using namespace ntferry;
using test::Scenario;

namespace {

std::string missing_for_boot() {
    return test::have_program("qemu-system-i386") ? test::lookalike_missing()
                                                  : "qemu-system-i386 is not installed";
}

volume::Geometry geometry_of(patch::Subject& subject) {
    return volume::recover_geometry(subject.volumes().disk(0), subject.volumes().layout(0));
}

std::vector<std::string> bootable() {
    std::vector<std::string> names;
    std::istringstream list(NTFERRY_BOOTABLE_LOOKALIKES);
    for (std::string name; list >> name;)
        names.push_back(name);
    return names;
}

/// What an administrator has to say before these can be patched.
void decide(Scenario& scenario, const std::string& variant) {
    if (variant == "nt351" || variant == "win2000")
        scenario.profile = variant;
    if (variant == "nt351")
        scenario.overrides.decisions["nic-driver"] = "without";
    if (variant == "dirty-ntfs")
        scenario.overrides.decisions["dirty"] = "empty-log";
    if (variant == "beyond-8g")
        scenario.overrides.decisions["boot-limit"] = "carry";
}

/// The values that decide whether it starts, for people.
std::string told(const test::InsideVolume& volume) {
    std::string text;
    for (const char* service : {"atapi", "disk", "atdisk", "amdpcn", "pcntn3m"})
        for (const char* set : {"controlset001", "controlset002"})
            if (const auto found =
                    volume.values.find(std::string("system\\") + set + "\\services\\" + service + "|start");
                found != volume.values.end())
                text += std::string(" ") + set + "\\" + service + " " + found->second.data.substr(0, 2);
    return text;
}

/// Patches the disk that carries Linux and the agent, boots it by its own boot code with the geometry that
/// its machine gets, and compares all that the agent read with the plan.
void boot_and_compare(const std::string& variant) {
    if (const auto missing = missing_for_boot(); !missing.empty())
        NTFERRY_SKIP(missing);
    try {
        test::lookalike_linux_disk(variant);
    } catch (const std::runtime_error& error) {
        NTFERRY_SKIP(std::string("no guest agent: ") + error.what());
    }
    CAPTURE(variant);
    Scenario scenario(variant, true);
    decide(scenario, variant);
    const patch::Plan plan = scenario.plan();
    SilentProgress progress;
    patch::apply(plan, scenario.workspace(), {}, progress);
    const auto subject = scenario.subject(true);
    const volume::Geometry geometry = geometry_of(*subject);
    std::vector<std::string> images;
    for (std::size_t i = 0; i < scenario.workspace().disks.size(); ++i) {
        images.push_back(scenario.path("disk" + std::to_string(i) + ".img"));
        test::write_raw(scenario.workspace().current(i), images.back());
    }
    const std::string said =
        test::boot_under_qemu(images.front(), geometry.cylinders, geometry.heads, geometry.sectors, "", 300,
                              {images.begin() + 1, images.end()});
    CHECK_THAT(said, Catch::Contains("CHECK edd ok"));
    CHECK_THAT(
        said, Catch::Contains("/" + std::to_string(geometry.heads) + "/" + std::to_string(geometry.sectors)));
    CHECK_THAT(said, Catch::Contains("CHECK nt ok"));
    CHECK_THAT(said, Catch::Contains("AGENT done 2 0"));

    const test::Inside inside = test::parse_inside(said);
    const test::Comparison found = test::compare(plan, inside);
    for (const std::string& wrong : found.wrong)
        FAIL_CHECK(wrong);
    CHECK(found.values > 5);
    const auto system = inside.find({plan.system.volume.disk, plan.system.volume.start / 512});
    REQUIRE(system != inside.end());
    const auto atapi = system->second.values.find("system\\controlset001\\services\\atapi|start");
    REQUIRE(atapi != system->second.values.end());
    CHECK(atapi->second.data == "00000000");
    std::string entry;
    for (const auto& [place, volume] : inside)
        for (const std::string& line : volume.boot_ini)
            if (line.starts_with("default="))
                entry = line;
    CHECK_THAT(entry, Catch::StartsWith("default=multi(0)disk(0)rdisk(0)partition("));
    std::cout << variant << ": read from inside as planned: " << found.values << " registry values, "
              << found.files << " files;" << told(system->second) << "; " << entry << std::endl;
}

} // namespace

TEST_CASE("a patched disk boots by CHS as far as NTLDR") {
    if (const auto missing = missing_for_boot(); !missing.empty())
        NTFERRY_SKIP(missing);
    const std::string variant = GENERATE("scsi-ntfs", "fat16-ntfs", "geo-240", "compaq-eisa");
    CAPTURE(variant);
    const Scenario scenario(variant);
    scenario.patch();
    const auto subject = scenario.subject(true);
    const volume::Geometry geometry = geometry_of(*subject);
    test::write_raw(scenario.workspace().current(0), scenario.path("disk.img"));
    const auto facts = test::lookalike_facts(variant);
    const std::string said = test::boot_under_qemu(scenario.path("disk.img"), geometry.cylinders,
                                                   geometry.heads, geometry.sectors);
    CHECK_THAT(said, Catch::Contains(std::string(facts.at("stand_in_text").as_string())));
}

TEST_CASE("a patched disk starts its guest agent, which reads the patched values from inside") {
    boot_and_compare("scsi-ntfs");
}

TEST_CASE("what a guest reads otherwise than planned is told") {
    patch::Plan plan;
    plan.system = {{0, 63 * 512}, "\\WINNT"};
    const auto add = [&](patch::Change change) {
        plan.actions.push_back({"", "", "", "", std::move(change)});
    };
    add(patch::SetValue{
        patch::HiveId::system, "ControlSet001\\Services\\Atapi", "Start", registry::Value::dword(0), {}});
    add(patch::DeleteValue{patch::HiveId::system, "Select", "Gone", {}});
    add(patch::RenameFile{{0, 63 * 512}, "\\ntbootdd.sys", "\\ntbootdd.p2v"});
    const auto read = [&](const std::string& start, const std::string& more) {
        return test::compare(plan, test::parse_inside("VOLUME sda1 0 63 ntfs\r\nFILE 00ff /NTBOOTDD.P2V\r\n" +
                                                      more +
                                                      "HIVE SYSTEM\r\n"
                                                      "VALUE\tControlSet001\\Services\\atapi\tStart\t4\t" +
                                                      start + "\r\n"));
    };
    CHECK(read("00000000", "").wrong.empty());
    CHECK(read("00000000", "").values == 2);
    CHECK(read("04000000", "").wrong.size() == 1);
    CHECK(read("00000000", "FILE 00ff /ntbootdd.sys\r\n").wrong.size() == 1);
    CHECK(read("00000000", "HIVE SYSTEM\r\nVALUE\tSelect\tgone\t4\t01000000\r\n").wrong.size() == 1);
    CHECK(test::compare(plan, {}).wrong.size() > 1);
}

// One section for each of NTFERRY_BOOTABLE_LOOKALIKES; ctest runs them one by one (label rig-qemu).
TEST_CASE("every patched lookalike starts its guest agent, which reads the patched values from inside",
          "[.inside]") {
    for (const std::string& variant : bootable())
        DYNAMIC_SECTION(variant) {
            boot_and_compare(variant);
        }
}

TEST_CASE("the lookalikes that are booted are all that can start") {
    if (const auto missing = missing_for_boot(); !missing.empty())
        NTFERRY_SKIP(missing);
    const auto listed = test::run_shell("'" NTFERRY_SOURCE_DIR "/tests/lookalike/make' --list");
    REQUIRE(listed.exit_code == 0);
    std::vector<std::string> all;
    std::istringstream lines(listed.out);
    for (std::string line; std::getline(lines, line);)
        if (const std::string name = line.substr(0, line.find(' ')); name != "dos") // no NTLDR on it
            all.push_back(name);
    CHECK_THAT(bootable(), Catch::UnorderedEquals(all));
}
