// What the rules plan for each kind of server.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/patch/scenario.hpp"
#include "tests/support/lookalike.hpp"
#include "tests/support/skip.hpp"

#include "converter/base/text.hpp"
#include "converter/block/open.hpp"
#include "converter/patch/guest.hpp"
#include "converter/patch/rules/hal_kind.hpp"
#include "converter/volume/ft/disk_information.hpp"

#include <catch2/catch.hpp>

using namespace ntferry;
using namespace ntferry::patch;
using test::Scenario;

namespace {

std::string service(unsigned set, const std::string& name) {
    return "ControlSet00" + std::to_string(set) + "\\Services\\" + name;
}

std::string text_of(const WriteFile* file) {
    REQUIRE(file != nullptr);
    return {file->content.begin(), file->content.end()};
}

} // namespace

#define NEED_LOOKALIKES()                                                                                    \
    if (const auto missing = test::lookalike_missing(); !missing.empty())                                    \
    NTFERRY_SKIP(missing)

TEST_CASE("storage: atapi starts at boot and the old controllers do not, in every bootable control set") {
    NEED_LOOKALIKES();
    const Scenario scenario("scsi-ntfs");
    const Plan plan = scenario.plan();
    for (const unsigned set : {1U, 2U}) {
        CHECK(test::planned_dword(plan, service(set, "atapi"), "Start") == 0);
        CHECK(test::planned_dword(plan, service(set, "aic78xx"), "Start") == 4);
        CHECK(test::planned_text(plan, service(set, "atapi") + "\\Parameters\\Device0", "DriverParameter") ==
              "DMADetectionLevel = 0x1,0x1");
    }
    CHECK(plan.applicable());
    for (const Action& action : plan.actions) {
        INFO(action.id);
        CHECK_FALSE(action.reason.empty());
        CHECK_FALSE(action.evidence.empty());
    }
}

TEST_CASE("storage: DMA is left alone before SP4 and by a setting") {
    NEED_LOOKALIKES();
    const Scenario old("compaq-eisa"); // SP3
    CHECK(test::planned_text(old.plan(), service(1, "atapi") + "\\Parameters\\Device0", "DriverParameter")
              .empty());
    Scenario off("scsi-ntfs");
    off.overrides.settings["dma"] = "never";
    CHECK(test::planned_text(off.plan(), service(1, "atapi") + "\\Parameters\\Device0", "DriverParameter")
              .empty());
}

TEST_CASE(
    "storage: atapi.sys comes from the medium of the installed service pack, then from the captured disk") {
    NEED_LOOKALIKES();
    Scenario scenario("compaq-eisa");
    const Plan plan = scenario.plan();
    const WriteFile* atapi = test::planned_file(plan, "\\WINNT\\system32\\drivers\\atapi.sys");
    REQUIRE(atapi != nullptr);
    CHECK_THAT(atapi->origin, Catch::Contains("sp3"));
    CHECK(atapi->content.size() == 25904); // KB Q172965

    scenario.media = {"cd"};
    const Plan from_cd = scenario.plan();
    CHECK_THAT(test::planned_file(from_cd, "\\WINNT\\system32\\drivers\\atapi.sys")->origin,
               Catch::Contains("ATAPI.SY_"));

    // The service pack kept the copy that it replaced.
    scenario.media = {};
    const Plan without = scenario.plan();
    CHECK_THAT(test::planned_file(without, "\\WINNT\\system32\\drivers\\atapi.sys")->origin,
               Catch::Contains("$NtServicePackUninstall$"));
    CHECK_FALSE(without.applicable());
    REQUIRE(without.missing.size() == 1);
    CHECK(without.missing[0].name == "amdpcn.sys");
    CHECK_THAT(without.missing[0].where, Catch::Contains("AMDPCN.SY_"));
}

TEST_CASE("boot.ini: ours first, the original lines kept, a fallback, NTBOOTDD.SYS retired") {
    NEED_LOOKALIKES();
    const Scenario scenario("scsi-ntfs");
    const Plan plan = scenario.plan();
    const std::string text = text_of(test::planned_file(plan, "\\boot.ini"));
    const auto ours = text.find("[migrated]");
    CHECK(ours != std::string::npos);
    CHECK(ours < text.find("scsi(0)"));
    CHECK_THAT(text, Catch::Contains("[migrated, VGA]\" /basevideo /sos"));
    CHECK_THAT(text, Catch::Contains("default=multi(0)disk(0)rdisk(0)partition(1)\\WINNT\r\n"));
    CHECK(plan.find("boot.ntbootdd") != nullptr);
    CHECK(plan.find("boot.ini.keep") != nullptr);
}

TEST_CASE("boot.ini of a server that started through multi() with a VGA line stays as it is") {
    NEED_LOOKALIKES();
    const Scenario scenario("ide-ntfs");
    CHECK(test::planned_file(scenario.plan(), "\\boot.ini") == nullptr);
}

TEST_CASE("boot.ini: the Compaq partition counts, and a FAT16 system volume is written") {
    NEED_LOOKALIKES();
    const auto arc = [](const std::string& variant) {
        const Scenario scenario(variant);
        const auto subject = scenario.subject();
        const volume::Partition* partition = subject->volumes().partition(subject->system().volume);
        REQUIRE(partition != nullptr);
        return partition->arc_number;
    };
    CHECK(arc("compaq-eisa") == 2);
    CHECK(arc("fat16-ntfs") == 2);
}

TEST_CASE("HAL: a Compaq multiprocessor HAL gets a uniprocessor pair beside it, chosen in boot.ini") {
    NEED_LOOKALIKES();
    const Scenario scenario("compaq-mp");
    const Plan plan = scenario.plan();
    CHECK(plan.applicable());
    const WriteFile* kernel = test::planned_file(plan, "\\WINNT\\system32\\ntosp2v.exe");
    const WriteFile* hal = test::planned_file(plan, "\\WINNT\\system32\\halp2v.dll");
    REQUIRE(kernel != nullptr);
    REQUIRE(hal != nullptr);
    CHECK_THAT(kernel->origin, Catch::Contains("sp5"));
    CHECK_THAT(hal->origin, Catch::Contains("sp5"));
    CHECK(image_facts(hal->content, "hal").original_name == "hal.dll");
    CHECK(image_facts(kernel->content, "kernel").original_name == "ntoskrnl.exe");
    const std::string text = text_of(test::planned_file(plan, "\\boot.ini"));
    CHECK_THAT(text, Catch::Contains("/kernel=ntosp2v.exe /hal=halp2v.dll"));
    CHECK(test::planned_file(plan, "\\WINNT\\system32\\hal.dll") == nullptr);
}

TEST_CASE("HAL: without the installed service pack's medium the administrator has to decide") {
    NEED_LOOKALIKES();
    Scenario scenario("compaq-mp"); // SP5
    scenario.media = {"cd", "sp6a"};
    const Plan plan = scenario.plan();
    REQUIRE(plan.open_decisions().size() == 1);
    CHECK(plan.open_decisions()[0]->id == "hal");
    CHECK_THAT(plan.open_decisions()[0]->evidence, Catch::Contains("service pack"));
    CHECK(plan.open_decisions()[0]->choices.empty()); // halsp.dll runs nowhere else
}

TEST_CASE("HAL: an MPS installation stays as it is under the MPS profile, and can be kept by decision") {
    NEED_LOOKALIKES();
    Scenario scenario("mps-mp");
    scenario.profile = "nt4-mps";
    const Plan mps = scenario.plan();
    CHECK(mps.applicable());
    CHECK(test::planned_file(mps, "\\WINNT\\system32\\halp2v.dll") == nullptr);
    scenario.profile = "nt4";
    scenario.media = {"cd"};
    CHECK_FALSE(scenario.plan().applicable());
    scenario.overrides.decisions["hal"] = "keep";
    CHECK(scenario.plan().applicable());
}

TEST_CASE("HAL: Terminal Server Edition never takes the other edition's files") {
    NEED_LOOKALIKES();
    Scenario scenario("tse");
    scenario.profile = "nt4-mps"; // its standard HAL does not fit: halapic.dll is needed
    scenario.media = {"cd", "sp6a"};
    const Plan foreign = scenario.plan();
    CHECK_FALSE(foreign.applicable());
    scenario.media = {"cd", "sp6a", "tse-cd", "tse-sp6"};
    const Plan plan = scenario.plan();
    if (const WriteFile* hal = test::planned_file(plan, "\\WTSRV\\system32\\halp2v.dll"))
        CHECK_THAT(hal->origin, Catch::Contains("tse"));
}

TEST_CASE("network: the old adapter keeps its name, addresses and bindings; only what is below it changes") {
    NEED_LOOKALIKES();
    const Scenario scenario("scsi-ntfs");
    const Plan plan = scenario.plan();
    CHECK(test::planned_text(plan, service(1, "AMDPCN") + "\\Linkage", "Bind") == "\\Device\\E100B1");
    CHECK(test::planned_dword(plan, service(1, "AMDPCN"), "Start") == 2);
    CHECK(test::planned_dword(plan, service(1, "E100B"), "Start") == 4);
    CHECK(test::planned_dword(plan, service(1, "E100B1") + "\\Parameters", "SlotNumber") == 3);
    CHECK(test::planned_text(plan, "Microsoft\\Windows NT\\CurrentVersion\\NetworkCards\\1", "ProductName") ==
          "AMDPCN");
    const std::string rules = "Microsoft\\Windows NT\\CurrentVersion\\NetworkCards\\1\\NetRules";
    CHECK(test::planned_text(plan, rules, "type") == "AMDPCN AMDPCNAdapter");
    CHECK(test::planned_text(plan, rules, "InfOption") == "AMDPCI");
    CHECK(test::planned_text(plan, rules, "bindform").empty()); // names the adapter, which keeps its name
    CHECK(test::planned_text(plan, "AMD\\AMDPCN\\CurrentVersion\\NetRules", "bindable") ==
          "AMDPCNDriver AMDPCNAdapter non exclusive 100");
    for (const Action& action : plan.actions)
        if (const auto* set = std::get_if<SetValue>(&action.change)) {
            INFO(describe(action.change));
            CHECK_FALSE(text::icontains(set->key, "Parameters\\Tcpip"));
            CHECK_FALSE(text::icontains(set->key, "Services\\Tcpip"));
            CHECK_FALSE(text::icontains(set->key, "Services\\NetBT"));
        }
}

TEST_CASE("network: the rename strategy moves addresses and every binding to the new name") {
    NEED_LOOKALIKES();
    Scenario scenario("scsi-ntfs");
    scenario.overrides.settings["nic-strategy"] = "rename";
    const Plan plan = scenario.plan();
    CHECK(test::planned_text(plan, service(1, "AMDPCN1") + "\\Parameters\\Tcpip", "IPAddress") ==
          "10.1.1.20");
    CHECK(test::planned_text(plan, service(1, "Tcpip") + "\\Linkage", "Bind") == "\\Device\\AMDPCN1");
    CHECK(test::planned_text(plan, service(1, "NetBT") + "\\Linkage", "Export") == "\\Device\\NetBT_AMDPCN1");
    CHECK(test::planned_text(plan, service(1, "NetBT") + "\\Linkage", "Route") ==
          "\"Tcpip\" \"AMDPCN\" \"AMDPCN1\"");
    CHECK(test::planned_text(plan, service(1, "NetBT") + "\\Adapters\\AMDPCN1", "NameServer") == "10.1.1.4");
    CHECK(test::planned_text(plan, "Microsoft\\Windows NT\\CurrentVersion\\NetworkCards\\1", "ServiceName") ==
          "AMDPCN1");
    scenario.patch();
    CHECK(scenario.subject(true)
              ->hive(HiveId::system)
              .strings(service(1, "AMDPCN1") + "\\Parameters\\Tcpip", "SubnetMask") ==
          std::vector<std::string>{"255.255.255.0"});
}

TEST_CASE("network: a team is dissolved, its virtual adapter with the addresses gets the card") {
    NEED_LOOKALIKES();
    const Scenario scenario("dc-teaming");
    const Plan plan = scenario.plan();
    CHECK(test::planned_text(plan, service(1, "AMDPCN") + "\\Linkage", "Bind") == "\\Device\\CPQTeam1");
    CHECK(test::planned_dword(plan, service(1, "CPQTeam"), "Start") == 4);
    CHECK(test::planned_dword(plan, service(1, "CpqNF3"), "Start") == 4);
    CHECK(test::has_note(plan, "the team of CpqNF31 and CpqNF32 is dissolved"));
}

TEST_CASE("network: without the driver the administrator decides to go on without network") {
    NEED_LOOKALIKES();
    Scenario scenario("scsi-ntfs");
    scenario.media = {"sp6a"}; // no service pack has amdpcn.sys
    const Plan plan = scenario.plan();
    CHECK_FALSE(plan.applicable());
    CHECK_THAT(plan.missing.at(0).where, Catch::Contains("no service pack"));
    scenario.overrides.decisions["nic-driver"] = "without";
    const Plan without = scenario.plan();
    CHECK(without.applicable());
    CHECK(test::planned_dword(without, service(1, "E100B"), "Start") == -1);
    CHECK_FALSE(without.not_done.empty());
}

TEST_CASE("agents: vendor services by data, and the administrator's own rules before them") {
    NEED_LOOKALIKES();
    Scenario scenario("vendor-raid");
    const Plan plan = scenario.plan();
    CHECK(test::planned_dword(plan, service(1, "dac960nt"), "Start") == 4);
    CHECK(test::planned_dword(plan, service(1, "mraid35x"), "Start") == 4);
    CHECK(test::planned_dword(plan, service(1, "UPS"), "Start") == 4);
    CHECK(test::has_note(plan, "GinaDLL"));
    scenario.overrides.vendor_rules.push_back({"EventLog", VendorAction::manual, "for the test", ""});
    CHECK(test::planned_dword(scenario.plan(), service(1, "EventLog"), "Start") == 3);
}

TEST_CASE("agents: an own file of vendor rules comes before those that NTFerry brings") {
    NEED_LOOKALIKES();
    Scenario scenario("vendor-raid");
    CHECK(test::planned_dword(scenario.plan(), service(1, "SymEvent"), "Start") == -1); // reported only
    auto table = std::make_shared<nt::VendorTable>();
    table->add(R"(<vendor-rules vendor="site"><folder path="\vnc\"/>
      <service name="SymEvent" class="filter" product="gone" action="disable"/></vendor-rules>)",
               "site.xml");
    scenario.overrides.vendors = table;
    const Plan plan = scenario.plan();
    CHECK(test::planned_dword(plan, service(1, "SymEvent"), "Start") == 4);
    CHECK(test::planned_dword(plan, service(1, "mr2kserv"), "Start") == -1); // Dell's rules are not there
}

TEST_CASE("volumes: a stripe set stays when all its disks are given, and is a decision when not") {
    NEED_LOOKALIKES();
    const Scenario scenario("ft-stripe");
    const Plan whole = scenario.plan();
    CHECK(whole.applicable());
    CHECK(test::has_note(whole, "its disks are all here"));

    Subject alone({block::SharedBlockDevice(block::open_disk(test::lookalike_disk("ft-stripe")))}, "alone");
    DriverSource drivers;
    drivers.add(open_medium(test::lookalike_media() + "/cd"));
    Overrides overrides;
    const auto profile = profiles::find_profile("nt4");
    const Plan part = make_plan(alone, profile, drivers, overrides);
    REQUIRE(part.open_decisions().size() == 1);
    CHECK(part.open_decisions().front()->id == "ft-set-1-0");
    CHECK_THAT(part.open_decisions().front()->question, Catch::Contains("lacks 1 of its disks"));
    overrides.decisions["ft-set-1-0"] = "without";
    CHECK(make_plan(alone, profile, drivers, overrides).applicable());
}

TEST_CASE("a hive that would outgrow NT's limit is a decision of the plan, before anything is written") {
    NEED_LOOKALIKES();
    Scenario scenario("scsi-ntfs");
    CHECK(scenario.plan().applicable());
    for (unsigned i = 0; i < 13; ++i) {
        Action large;
        large.id = "own.large." + std::to_string(i);
        large.change = SetValue{HiveId::system,
                                "Setup",
                                "Large" + std::to_string(i),
                                registry::Value::binary(Bytes(900'000, 1)),
                                {}};
        scenario.overrides.own.push_back(large);
    }
    const Plan plan = scenario.plan();
    REQUIRE(plan.open_decisions().size() == 1);
    CHECK(plan.open_decisions().front()->id == "hive-size");
}

TEST_CASE("volumes: a mirror becomes plain disks and the first half keeps the letter") {
    NEED_LOOKALIKES();
    const Scenario scenario("ft-mirror");
    scenario.patch();
    const auto patched = scenario.subject(true);
    for (const unsigned disk : {0U, 1U})
        CHECK(patched->volumes().layout(disk).partitions.at(0).type == 0x07);
    const auto information =
        volume::ft::parse_disk_information(patched->hive(HiveId::system).value("DISK", "Information")->data);
    CHECK(information.sets.empty());
    REQUIRE(information.disks.size() == 2);
    CHECK(information.disks[0].partitions.at(0).letter == 'C');
    CHECK(information.disks[1].partitions.at(0).letter == 0);
}

TEST_CASE("a system beyond the BIOS's reach needs a decision") {
    NEED_LOOKALIKES();
    const Scenario scenario("beyond-8g");
    const Plan plan = scenario.plan();
    REQUIRE_FALSE(plan.open_decisions().empty());
    CHECK(plan.open_decisions()[0]->id == "boot-limit");
}

TEST_CASE("actions can be left out, and a pattern that fits none is refused") {
    NEED_LOOKALIKES();
    Scenario scenario("scsi-ntfs");
    scenario.overrides.leave_out = {"video.*"};
    const Plan plan = scenario.plan();
    CHECK(test::planned_dword(plan, service(1, "vga"), "Start") == -1);
    CHECK_FALSE(plan.left_out.empty());
    scenario.overrides.leave_out = {"vido.*"};
    CHECK_THROWS_WITH(scenario.plan(), Catch::Contains("no action has the id 'vido.*'"));
}

TEST_CASE("own actions apply to every bootable control set, after the rules") {
    NEED_LOOKALIKES();
    Scenario scenario("scsi-ntfs");
    scenario.overrides.own.push_back(
        parse_own_action("SYSTEM\\CurrentControlSet\\Services\\Spooler\\Start=dword:4"));
    scenario.overrides.own.push_back(
        parse_own_action("SYSTEM\\CurrentControlSet\\Services\\atapi\\Start=dword:1"));
    const Plan plan = scenario.plan();
    for (const unsigned set : {1U, 2U}) {
        CHECK(test::planned_dword(plan, service(set, "Spooler"), "Start") == 4);
        // The disk has 1 already: the rule's action is gone or says so.
        CHECK(test::planned_dword(plan, service(set, "atapi"), "Start") != 0);
    }
}

TEST_CASE("a disk without NT is carried as it is, and the plan says what was not done") {
    NEED_LOOKALIKES();
    Scenario scenario("dos");
    scenario.profile = "dos";
    const Plan plan = scenario.plan();
    CHECK(plan.actions.empty());
    CHECK_FALSE(plan.not_done.empty());
    CHECK(plan.applicable());
    CHECK(plan.installation == "MS-DOS, or Windows on it");

    // Own actions still work on files; a registry there is none.
    Action own;
    own.id = "own.1";
    WriteFile file;
    file.path = "\\CONFIG.SYS";
    file.content = {'F', 'I', 'L', 'E', 'S', '=', '4', '0'};
    own.change = file;
    scenario.overrides.own.push_back(own);
    scenario.patch();
    CHECK(scenario.subject(true)->system_files().read_file("\\config.sys") == file.content);
    undo(scenario.workspace(), {});
    scenario.overrides.own.front().change =
        SetValue{HiveId::system, "Select", "Default", registry::Value::dword(1), {}};
    CHECK_THROWS_WITH(scenario.plan(), Catch::Contains("there is no registry"));
}

TEST_CASE("the kind of system on a disk chooses profile and rules") {
    NEED_LOOKALIKES();
    const auto guest = [](const char* variant) {
        const Scenario scenario(variant);
        return recognise_guest(*scenario.subject());
    };
    CHECK(guest("tse").profile == "nt4");
    CHECK(guest("nt351").profile == "nt351");
    CHECK(guest("win2000").profile == "win2000");
    CHECK(guest("dos").profile == "dos");
    CHECK(guest("dos").family == "none");
}

TEST_CASE("NT 3.51 and Windows 2000 get the rules that fit, and are told the rest") {
    NEED_LOOKALIKES();
    Scenario old("nt351");
    old.profile = "nt351";
    old.overrides.decisions["nic-driver"] = "without";
    const Plan nt351 = old.plan();
    CHECK(test::planned_dword(nt351, service(1, "atapi"), "Start") != 4);
    CHECK(test::planned_file(nt351, "\\WINNT35\\system32\\drivers\\amdpcn.sys") ==
          nullptr); // of NT 4.0: does not fit
    CHECK_FALSE(nt351.not_done.empty());

    Scenario newer("win2000");
    newer.profile = "win2000";
    const Plan win2000 = newer.plan();
    CHECK(test::planned_dword(win2000, service(1, "atapi"), "Start") == 0);
    CHECK(test::planned_text(win2000, "ControlSet001\\Control\\CriticalDeviceDatabase\\pci#ven_8086&dev_7010",
                             "Service") == "intelide");
    CHECK_FALSE(win2000.not_done.empty());
    newer.profile = "nt4";
    CHECK(newer.plan().open_decisions().at(0)->id == "family");
    newer.overrides.decisions["family"] = "own-only";
    newer.overrides.own.push_back(
        parse_own_action("SYSTEM\\CurrentControlSet\\Services\\Spooler\\Start=dword:4"));
    const Plan carried = newer.plan();
    CHECK(carried.applicable());
    for (const Action& action : carried.actions)
        CHECK(action.rule == "own");
    CHECK(carried.family == "none");
}
