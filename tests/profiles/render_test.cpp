// SPDX-License-Identifier: GPL-3.0-or-later
#include "profiles/print.hpp"
#include "profiles/render_qemu.hpp"

#include "tests/support/run.hpp"
#include "tests/support/skip.hpp"
#include "tests/support/temp_dir.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>

using namespace ntferry;
using namespace ntferry::profiles;

namespace {

std::string file_text(const std::string& path) {
    std::ifstream in(path);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

MachineDescription machine() {
    MachineDescription m;
    m.name = "it's a name";
    m.memory = 96U << 20U;
    m.disks.push_back({"disk 0.vhd", 0, DiskGeometry{522, 240, 63}, false});
    m.nics.push_back({"dec21140", {0, 0xA0, 0x24, 1, 2, 3}, "isolated", {}});
    m.serials.push_back({0, "unix:/run/com1"});
    return m;
}

bool has(const std::vector<std::string>& arguments, const std::string& wanted) {
    return std::find(arguments.begin(), arguments.end(), wanted) != arguments.end();
}

} // namespace

// The machine ABI: what a guest finds in a profile never changes within an abi number. A change here is a new
// abi, not a new golden file.
TEST_CASE("the hardware of every profile is what its golden file says") {
    for (const std::string& name : profile_names()) {
        INFO(name);
        CHECK(print_hardware(find_profile(name)) ==
              file_text(std::string(NTFERRY_SOURCE_DIR) + "/tests/profiles/golden/" + name + ".txt"));
    }
}

TEST_CASE("the shipped profiles are valid by their schema") {
    if (!test::have_program("xmllint"))
        NTFERRY_SKIP("xmllint is not installed");
    const std::string folder = std::string(NTFERRY_SOURCE_DIR) + "/profiles/";
    const auto result =
        test::run_shell("xmllint --noout --schema " + folder + "profile.xsd " + folder + "*.xml 2>&1");
    INFO(result.out);
    CHECK(result.exit_code == 0);
}

TEST_CASE("under QEMU both serial ports are there whatever is connected, each with its own back end") {
    const auto serials = [](const MachineDescription& described) {
        std::vector<std::string> found;
        const auto a = qemu_arguments(find_profile("nt4"), described);
        for (std::size_t i = 0; i + 1 < a.size(); ++i)
            if (a[i] == "-serial")
                found.push_back(a[i + 1]);
        return found;
    };
    MachineDescription m;
    CHECK(serials(m) == std::vector<std::string>{"null", "null"});
    m.serials = {{1, "unix:/run/com2"}};
    CHECK(serials(m) == std::vector<std::string>{"null", "unix:/run/com2,server=on,wait=off"});
    m.serials.push_back({0, "none"});
    CHECK(serials(m) == std::vector<std::string>{"null", "unix:/run/com2,server=on,wait=off"});
}

TEST_CASE("the QEMU command line has the same processor, slots, disks and geometry") {
    const auto a = qemu_arguments(find_profile("nt4"), machine());
    CHECK(has(a, "pc,acpi=off,hpet=off,usb=off,vmport=off,accel=tcg"));
    CHECK(has(a, "96M"));
    CHECK(has(a, "if=none,id=disk0,file=disk 0.vhd,format=vpc,cache=writeback"));
    CHECK(has(a, "ide-hd,drive=disk0,bus=ide.0,unit=0,lcyls=522,lheads=240,lsecs=63"));
    CHECK(has(a, "tulip,netdev=net0,mac=00:a0:24:01:02:03,addr=0x3.0"));
    CHECK(has(a, "VGA,addr=0x2.0,vgamem_mb=16"));
    const std::string line = shell_line(a);
    CHECK(line.find("'it'\\''s a name'") != std::string::npos);
    CHECK(line.find("level=2") != std::string::npos);
    CHECK(line.find("-apic") != std::string::npos);
    CHECK(shell_line(qemu_arguments(find_profile("nt4-mps"), machine())).find("+apic") != std::string::npos);
}

TEST_CASE("QEMU takes the command lines of all profiles") {
    if (!test::have_program("qemu-system-i386"))
        NTFERRY_SKIP("qemu-system-i386 is not installed");
    for (const std::string& name : profile_names()) {
        MachineDescription empty;
        auto arguments = qemu_arguments(find_profile(name), empty);
        arguments.insert(arguments.end(), {"-S", "-monitor", "stdio"});
        const auto result = test::run_shell("echo quit | timeout 60 " + shell_line(arguments) + " 2>&1");
        INFO(name << ": " << result.out);
        CHECK(result.exit_code == 0);
    }
}

TEST_CASE("the libvirt XML is valid and names the same slots") {
    const std::string xml = libvirt_xml(find_profile("nt4"), machine());
    CHECK(xml.find("<vcpu>1</vcpu>") != std::string::npos);
    CHECK(xml.find("slot=\"0x03\"") != std::string::npos);
    CHECK(xml.find("type=\"vpc\"") != std::string::npos);
    if (!test::have_program("virt-xml-validate"))
        NTFERRY_SKIP("virt-xml-validate is not installed");
    test::TempDir dir;
    std::ofstream(dir / "domain.xml") << xml;
    const auto result = test::run_shell("virt-xml-validate " + (dir / "domain.xml") + " domain 2>&1");
    INFO(result.out);
    CHECK(result.exit_code == 0);
}
