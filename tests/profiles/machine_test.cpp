// SPDX-License-Identifier: GPL-3.0-or-later
#include "profiles/machine.hpp"

#include "converter/base/error.hpp"
#include "tests/support/run.hpp"
#include "tests/support/skip.hpp"
#include "tests/support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <fstream>

using namespace ntferry;
using namespace ntferry::profiles;

namespace {

MachineDescription full() {
    MachineDescription m;
    m.name = "Lager & Versand <1>";
    m.profile = "nt4-mps";
    m.memory = 192U << 20U;
    m.cpus = 2;
    m.disks.push_back({"disks/disk0.patched.vhd", 0, DiskGeometry{522, 240, 63}, false});
    m.disks.push_back({"disks/disk1.vhd", 1, std::nullopt, true});
    m.cdrom = "nt4.iso";
    m.floppy = "boot.img";
    m.nics.push_back({"dec21140", {0, 0xA0, 0x24, 1, 2, 3}, "nat", {{"forward", "tcp:2222:22"}}});
    m.serials.push_back({1, "unix:/run/com2"});
    m.parallel = "file:lpt.out";
    m.boot = "cdrom";
    m.undo = UndoMode::discard;
    m.resources.cpu_cap_percent = 50;
    m.resources.disk_bytes_per_second = 10U << 20U;
    m.overrides = {{"cpu.max_leaf", "1"}};
    return m;
}

} // namespace

TEST_CASE("machine.xml says everything a description holds") {
    const std::string xml = machine_xml(full());
    const MachineDescription m = parse_machine(xml, "machine.xml");
    CHECK(machine_xml(m) == xml);
    CHECK(m.name == "Lager & Versand <1>");
    CHECK(m.disks[0].geometry == DiskGeometry{522, 240, 63});
    CHECK(m.disks[1].read_only);
    CHECK(m.nics[0].mac[1] == 0xA0);
    CHECK(m.nics[0].options.at("forward") == "tcp:2222:22");
    CHECK(m.undo == UndoMode::discard);
    CHECK(m.resources.disk_bytes_per_second == 10U << 20U);
}

TEST_CASE("machine.xml is replaced as a whole") {
    test::TempDir dir;
    const std::string path = dir / "machine.xml";
    save_machine(full(), path);
    MachineDescription other = full();
    other.memory = 64U << 20U;
    save_machine(other, path);
    CHECK(load_machine(path).memory == 64U << 20U);
    CHECK_FALSE(std::filesystem::exists(path + ".new"));
}

TEST_CASE("a bad machine.xml names line, element and what is allowed") {
    const auto message = [](const std::string& xml) -> std::string {
        try {
            parse_machine(xml, "m.xml");
        } catch (const Error& error) {
            return error.what();
        }
        return "nothing";
    };
    CHECK(message("<machine>\n<cpu count=\"9\"/></machine>") ==
          "m.xml:2: <cpu>: count=\"9\"; allowed: 1 to 4");
    CHECK(message("<machine><disk path=\"a\" heads=\"300\" cylinders=\"1\" sectors=\"63\"/></machine>") ==
          "m.xml:1: <disk>: heads=\"300\"; allowed: 1 to 255");
    CHECK(message("<machine><disk path=\"a\"/><disk path=\"b\"/></machine>") ==
          "m.xml:1: <disk>: position 0 is taken");
    CHECK(message("<machine><nic mac=\"01:00:00:00:00:00\"/></machine>").find("not a group address") !=
          std::string::npos);
    CHECK(message("<machine><boot device=\"usb\"/></machine>") ==
          "m.xml:1: <boot>: device=\"usb\"; allowed: disk, cdrom, floppy");
    CHECK(message("<machine><serial backend=\"fax\"/></machine>").find("tcp:HOST:PORT") != std::string::npos);
}

TEST_CASE("machine.xml is valid by its schema, and what the schema refuses the program refuses") {
    if (!test::have_program("xmllint"))
        NTFERRY_SKIP("xmllint is not installed");
    const test::TempDir dir;
    const auto valid = [&](const std::string& xml) {
        const std::string path = dir / "machine.xml";
        std::ofstream(path) << xml;
        return test::run_shell("xmllint --noout --schema " NTFERRY_SOURCE_DIR "/profiles/machine.xsd " +
                               path + " 2>&1")
                   .exit_code == 0;
    };
    CHECK(valid(machine_xml(full())));
    CHECK(valid(machine_xml(MachineDescription())));
    for (const char* wrong :
         {"<machine><cpu count=\"9\"/></machine>", "<machine><nic mac=\"01:00:00:00:00:00\"/></machine>",
          "<machine><boot device=\"usb\"/></machine>", "<machine><serial backend=\"fax\"/></machine>",
          "<machine><disk position=\"0\"/></machine>", "<machine><disk path=\"a\" position=\"4\"/></machine>",
          "<machine><sound/></machine>", "<machine><memory size=\"much\"/></machine>",
          "<machine><parallel backend=\"stdio\"/></machine>", "<machine><undo mode=\"maybe\"/></machine>"}) {
        INFO(wrong);
        CHECK_FALSE(valid(wrong));
        CHECK_THROWS_AS(parse_machine(wrong, "machine.xml"), Error);
    }
}
