// Plans and overrides as text: round trips, refusals, what stands in the way of a plan.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/patch/overrides.hpp"
#include "converter/patch/plan.hpp"
#include "converter/patch/value_xml.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>

using namespace ntferry;
using namespace ntferry::patch;
using registry::Value;

namespace {

Plan sample_plan() {
    Plan plan;
    plan.source = "disk0.vhd";
    plan.profile = "nt4";
    plan.family = "nt4";
    plan.installation = "Windows NT 4.0 Server";
    plan.system = {{0, 32256}, "\\WINNT"};
    plan.actions = {
        {"storage.atapi.start.1", "storage", "the disk is an IDE disk now", "Start is 4",
         SetValue{HiveId::system, "ControlSet001\\Services\\Atapi", "Start", Value::dword(0),
                  Value::dword(4)}},
        {"network.card.1", "network", "another card", "NetworkCards\\1",
         SetValue{HiveId::software, "Microsoft\\Windows NT\\CurrentVersion\\NetworkCards\\1", "Title",
                  Value::sz("[1] AMD \"PCnet\" <adapter>"), std::nullopt}},
        {"network.bind.1", "network", "bindings", "",
         SetValue{HiveId::system, "ControlSet001\\Services\\AMDPCN\\Linkage", "Bind",
                  Value::multi_sz({"\\Device\\CpqNF31", "a;b"}), Value::binary({1, 2, 0xFF})}},
        {"x.delete", "x", "", "", DeleteValue{HiveId::system, "A\\B", "C", Value::sz("old\nline")}},
        {"boot.ini", "bootini", "", "",
         WriteFile{{0, 32256}, "\\boot.ini", {'x', '\r', '\n'}, "made", 6, OldFile{3, "abc"}, "y\r\n", true}},
        {"boot.copy", "bootini", "", "", CopyFile{{0, 32256}, "\\boot.ini", "\\boot.ini.p2v"}},
        {"boot.dd", "bootini", "", "", RenameFile{{0, 32256}, "\\ntbootdd.sys", "\\ntbootdd.p2v"}},
        {"ft.type", "ft", "", "", SetBytes{1, 450, {0x07}, {0x87}, "type of partition 1"}},
    };
    plan.decisions = {{"hal", "which?", "halsp.dll", {{"keep", "keep it"}}, "keep"}};
    plan.notes = {{"video", "plain VGA"}};
    plan.not_done = {"nothing"};
    return plan;
}

} // namespace

TEST_CASE("a plan survives its XML") {
    const Plan plan = sample_plan();
    const std::string xml = plan_xml(plan);
    const Plan again = parse_plan(xml, "plan.xml");
    CHECK(plan_xml(again) == xml);
    REQUIRE(again.actions.size() == plan.actions.size());
    const auto& bind = std::get<SetValue>(again.actions[2].change);
    CHECK(bind.value == Value::multi_sz({"\\Device\\CpqNF31", "a;b"}));
    CHECK(bind.old == Value::binary({1, 2, 0xFF}));
    CHECK(std::get<DeleteValue>(again.actions[3].change).old == Value::sz("old\nline"));
    CHECK(std::get<WriteFile>(again.actions[4].change).old_text == "y\r\n");
    CHECK(std::get<SetBytes>(again.actions[7].change).old == Bytes{0x87});
    CHECK(again.system.root == "\\WINNT");
}

TEST_CASE("the JSON of a plan is JSON and has old and new values") {
    const auto json = boost::json::parse(plan_json(sample_plan()));
    const auto& first = json.at("actions").at(0);
    CHECK(first.at("change").at("old").at("value").as_int64() == 4);
    CHECK(first.at("change").at("new").at("value").as_int64() == 0);
    CHECK(json.at("applicable").as_bool());
}

TEST_CASE("the text of a plan shows reason, old and new value") {
    const std::string text = plan_text(sample_plan());
    CHECK_THAT(text, Catch::Contains("set SYSTEM\\ControlSet001\\Services\\Atapi\\Start"));
    CHECK_THAT(text, Catch::Contains("the disk is an IDE disk now"));
}

TEST_CASE("an open decision or an essential missing file stops a plan with exit code 3") {
    Plan plan = sample_plan();
    CHECK(plan.applicable());
    plan.missing.push_back({"amdpcn.sys", "network", "the NIC", "NT CD", {}, false});
    CHECK(plan.applicable());
    plan.missing.push_back({"atapi.sys", "storage", "the disk", "NT CD", {}, true});
    try {
        require_applicable(plan);
        FAIL("was applicable");
    } catch (const Error& error) {
        CHECK(error.kind() == ErrorKind::decision);
        CHECK_THAT(error.what(), Catch::Contains("atapi.sys"));
    }
    plan.missing.clear();
    plan.decisions[0].chosen.clear();
    CHECK_THROWS_WITH(require_applicable(plan), Catch::Contains("--decide hal=keep"));
}

TEST_CASE("overrides are read from XML") {
    const Overrides overrides = parse_overrides(R"(<overrides>
      <leave-out id="agents.*"/>
      <setting name="nic-strategy" value="rename"/>
      <decide id="hal" choice="keep"/>
      <action reason="site policy">
        <set-value hive="SYSTEM" key="CurrentControlSet\Services\Foo" name="Start" type="dword" value="4"/>
      </action>
      <action><set-value hive="SOFTWARE" key="A" name="M" type="multi_sz"><string>x;y</string><string>z</string></set-value></action>
    </overrides>)",
                                                "site.xml", "");
    CHECK(overrides.leave_out == std::vector<std::string>{"agents.*"});
    CHECK(overrides.settings.at("nic-strategy") == "rename");
    CHECK(overrides.decisions.at("hal") == "keep");
    REQUIRE(overrides.own.size() == 2);
    CHECK(overrides.own[0].reason == "site policy");
    CHECK(std::get<SetValue>(overrides.own[0].change).value == Value::dword(4));
    CHECK(std::get<SetValue>(overrides.own[1].change).value == Value::multi_sz({"x;y", "z"}));
}

TEST_CASE("a wrong override names file, line and element") {
    const auto problem = [](const std::string& xml) {
        try {
            parse_overrides(xml, "site.xml", "");
        } catch (const Error& error) {
            CHECK(error.kind() == ErrorKind::usage);
            return std::string(error.what());
        }
        return std::string("no error");
    };
    CHECK_THAT(problem("<overrides>\n<leave-out/></overrides>"),
               Catch::Contains("site.xml:2: <leave-out>: attribute id"));
    CHECK_THAT(problem("<overrides>\n\n<other/></overrides>"), Catch::Contains("site.xml:3: <other>"));
    CHECK_THAT(problem("<plan/>"), Catch::Contains("not a file of overrides"));
    CHECK_THAT(problem("<overrides"), Catch::Contains("well-formed"));
    CHECK_THAT(problem("<overrides><action><set-value hive='SAM' key='x' name='y' type='sz' "
                       "value=''/></action></overrides>"),
               Catch::Contains("hive 'SAM'"));
    CHECK_THAT(problem("<overrides><action><set-value hive='SYSTEM' key='x' name='y' type='dword' "
                       "value='z'/></action></overrides>"),
               Catch::Contains("32-bit number"));
}

TEST_CASE("an own action on the command line sets or deletes a value") {
    const Action set = parse_own_action("SYSTEM\\CurrentControlSet\\Services\\foo\\Start=dword:4");
    CHECK(std::get<SetValue>(set.change).key == "CurrentControlSet\\Services\\foo");
    CHECK(std::get<SetValue>(set.change).value == Value::dword(4));
    const Action removed = parse_own_action("software\\A\\B=delete");
    CHECK(std::get<DeleteValue>(removed.change).hive == HiveId::software);
    CHECK_THROWS_WITH(parse_own_action("SYSTEM\\foo=dword:4"), Catch::Contains("HIVE"));
    CHECK_THROWS_WITH(parse_own_action("SAM\\a\\b=dword:4"), Catch::Contains("neither SYSTEM nor SOFTWARE"));
    CHECK_THROWS_WITH(parse_own_action("SYSTEM\\a\\b=dword"), Catch::Contains("no type"));
}
