// A real machine of this host's KVM, driven by ntferry through its control socket.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/host/control/running_machine.hpp"
#include "tests/support/skip.hpp"

#include <catch2/catch.hpp>

using namespace ntferry;
using test::can_run;
using Running = test::RunningMachine;

TEST_CASE("a machine is listed, looked at and switched off") {
    if (!can_run())
        NTFERRY_SKIP("no /dev/kvm or no SeaBIOS");
    const Running machine("");
    CHECK(machine.ntferry("ps").out.find("box") == 0);
    CHECK(machine.shows("No bootable device"));
    CHECK(machine.ntferry("screenshot box " + machine.path("s.png")).exit_code == 0);
    CHECK(machine.file("s.png").substr(1, 3) == "PNG");
    CHECK(machine.ntferry("reset box").exit_code == 0);
    const auto stop = machine.ntferry("stop box --wait 0");
    CHECK(stop.exit_code == 0);
    CHECK(stop.out.find("forced") == 0);
    CHECK(machine.gone());
}

TEST_CASE("a guest that halts for good ends the machine, and that it was the guest is said") {
    if (!can_run())
        NTFERRY_SKIP("no /dev/kvm or no SeaBIOS");
    // Waits for a key by INT 16h, then CLI, HLT: a guest that shuts down when it is asked to.
    const Running machine(std::string("\xFB\x31\xC0\xCD\x16\xFA\xF4\xEB\xFD", 9), "--power-keys a");
    CHECK(machine.shows("Booting from Hard Disk"));
    const auto stop = machine.ntferry("stop box --wait 60");
    CHECK(stop.out.find("the guest shut down") == 0);
    CHECK(machine.gone());
    CHECK(machine.file("err").find("as it was asked to") != std::string::npos);
}

TEST_CASE("text typed through the control socket arrives at the guest") {
    if (!can_run())
        NTFERRY_SKIP("no /dev/kvm or no SeaBIOS");
    // INT 16h reads a key, INT 10h AH=0Eh prints it, for ever.
    const Running machine(std::string("\xFB\x31\xC0\xCD\x16\xB4\x0E\xBB\x07\x00\xCD\x10\xEB\xF3", 14));
    CHECK(machine.shows("Booting from Hard Disk"));
    CHECK(machine.ntferry("type box 'Hello, NT {4.0}'").exit_code == 0);
    CHECK(machine.shows("Hello, NT {4.0}"));
}
