// SPDX-License-Identifier: GPL-3.0-or-later
#include "profiles/profile.hpp"

#include "converter/base/error.hpp"
#include "tests/support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <fstream>

using namespace ntferry;
using namespace ntferry::profiles;

namespace {

struct Folder {
    test::TempDir dir;
    std::string write(const std::string& name, const std::string& xml) {
        const std::string path = dir / name;
        std::ofstream(path) << xml;
        return path;
    }
};

constexpr const char* BASE = R"(<profile name="base">
  <title>t</title>
  <cpu><features>fpu tsc</features></cpu>
  <devices>
    <device type="i440fx" id="host" slot="0.0"/>
    <device type="piix3-isa" id="isa" slot="1.0"/>
    <device type="serial" id="com1" io="0x3f8" irq="4"/>
  </devices>
</profile>
)";

} // namespace

TEST_CASE("every shipped profile loads") {
    CHECK(profile_names() == std::vector<std::string>{"dos", "nt351", "nt4", "nt4-mps", "win2000"});
    for (const std::string& name : profile_names()) {
        const Profile profile = find_profile(name);
        CHECK(profile.name == name);
        CHECK(profile.cpu.max_leaf <= 2);
        CHECK(profile.cpu.has("tsc"));
    }
}

TEST_CASE("the Standard PC profile shows no APIC, the MPS profile does") {
    CHECK_FALSE(find_profile("nt4").cpu.has("apic"));
    const Profile mps = find_profile("nt4-mps");
    CHECK(mps.cpu.has("apic"));
    CHECK(mps.interrupts == InterruptController::apic);
    CHECK(mps.limits.cpus_maximum == 4);
    CHECK(mps.patch.family == "nt4");
    REQUIRE(mps.find("piix3-ide") != nullptr);
    CHECK(mps.find("piix3-ide")->pci == PciSlot{1, 1});
}

TEST_CASE("a profile inherits, replaces and removes") {
    Folder f;
    f.write("base.xml", BASE);
    const std::string path = f.write("child.xml", R"(<profile name="child" inherits="base">
  <cpu family="5"/>
  <devices>
    <remove id="com1"/>
    <device type="serial" id="com2" io="0x2f8" irq="3"/>
  </devices>
  <note>one</note>
</profile>)");
    const Profile profile = load_profile(path);
    CHECK(profile.title == "t");
    CHECK(profile.cpu.family == 5);
    CHECK(profile.cpu.features == std::vector<std::string>{"fpu", "tsc"});
    REQUIRE(profile.devices.size() == 3);
    CHECK(profile.devices[2].id == "com2");
    CHECK(profile.devices[2].io == 0x2F8);
}

TEST_CASE("a bad profile names file, line, element and what is allowed") {
    Folder f;
    const auto message = [&](const std::string& body) -> std::string {
        const std::string path =
            f.write("p.xml", "<profile name=\"p\">\n<title>t</title>\n" + body + "\n</profile>");
        try {
            load_profile(path);
        } catch (const Error& error) {
            CHECK(error.kind() == ErrorKind::usage);
            const std::string text = error.what();
            REQUIRE(text.starts_with(path));
            return text.substr(path.size());
        }
        return "nothing";
    };
    CHECK(message("<cpu family=\"77\"/>") == ":3: <cpu>: family=\"77\"; allowed: 4 to 15");
    CHECK(message("\n<cpus/>").starts_with(":4: <cpus>: unknown element in <profile>; allowed: <title>,"));
    CHECK(message("<cpu colour=\"red\"/>")
              .starts_with(":3: <cpu>: unknown attribute colour; allowed: vendor,"));
    CHECK(message("<cpu><features>fpu warp</features></cpu>")
              .starts_with(":3: <features>: unknown feature \"warp\""));
    CHECK(message("<devices><device type=\"sb16\" id=\"a\"/></devices>")
              .starts_with(":3: <device>: unknown type"));
    CHECK(message("<devices><device type=\"i440fx\" id=\"a\" slot=\"32.0\"/></devices>") ==
          ":3: <device>: slot=\"32.0\"; allowed: DEVICE.FUNCTION, 0.0 to 31.7");
    CHECK(
        message("<devices><device type=\"serial\" id=\"a\" io=\"0x3f8\" irq=\"4\"/>\n<device type=\"serial\" "
                "id=\"b\" io=\"0x2f8\" irq=\"4\"/></devices>") == ":4: <device>: IRQ 4 belongs to a");
    CHECK(message("<limits memory-maximum=\"9G\"/>") ==
          ":3: <limits>: memory-maximum=\"9G\"; allowed: 1M to 3G");
    CHECK(message("<cpu").find("not well-formed XML") != std::string::npos);
}

TEST_CASE("profiles that inherit in a circle are refused") {
    Folder f;
    f.write("a.xml", "<profile name=\"a\" inherits=\"b\"/>");
    const std::string path = f.write("b.xml", "<profile name=\"b\" inherits=\"a\"/>");
    CHECK_THROWS_WITH(load_profile(path), Catch::Contains("inherits in a circle"));
}

TEST_CASE("a parent cannot be named by a path") {
    Folder f;
    const std::string path = f.write("a.xml", "<profile name=\"a\" inherits=\"../b\"/>");
    CHECK_THROWS_WITH(load_profile(path), Catch::Contains("in the same folder"));
}

TEST_CASE("an unknown profile lists those there are") {
    CHECK_THROWS_WITH(find_profile("nt5"), Catch::Contains("there are: dos, nt351, nt4"));
}

TEST_CASE("overrides change one machine's profile") {
    Profile profile = find_profile("nt4");
    apply_override(profile, "cpu.max_leaf", "1");
    CHECK(profile.cpu.max_leaf == 1);
    apply_override(profile, "cpu.features", "-mmx +sse");
    CHECK_FALSE(profile.cpu.has("mmx"));
    CHECK(profile.cpu.has("sse"));
    CHECK_THROWS_WITH(apply_override(profile, "cpu.max_leaf", "7"), "cpu.max_leaf: \"7\"; allowed: 1 to 3");
    CHECK_THROWS_WITH(apply_override(profile, "cpu.colour", "7"), Catch::Contains("allowed: cpu.max_leaf"));
}

TEST_CASE("a network card that is not built is refused where it is named") {
    Folder f;
    f.write("base.xml", BASE);
    const auto message = [&](const std::string& device) -> std::string {
        try {
            load_profile(f.write("p.xml", "<profile name=\"p\" inherits=\"base\"><devices>\n" + device +
                                              "\n</devices></profile>"));
        } catch (const Error& error) {
            return error.what();
        }
        return "nothing";
    };
    CHECK_THAT(message("<device type=\"ne2000\" id=\"net0\" io=\"0x300\" irq=\"10\"/>"),
               Catch::Contains("p.xml:2: <device>: unknown type \"ne2000\"; allowed: ") &&
                   Catch::Contains("pcnet, dec21140"));
    CHECK_THAT(
        message("<device type=\"pcnet\" id=\"net0\" slot=\"3.0\">"
                "<option name=\"models\" value=\"pcnet ne2000\"/></device>"),
        Catch::Contains("p.xml:2: <option>: unknown network card \"ne2000\"; allowed: pcnet, dec21140"));
}
