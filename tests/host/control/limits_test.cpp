// What a machine may use: said by ps, written into its control group, held to by its disks.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/launch/control_client.hpp"
#include "tests/host/control/guest_code.hpp"
#include "tests/host/control/running_machine.hpp"
#include "tests/support/skip.hpp"

#include <filesystem>

using namespace ntferry;
using test::RunningMachine;

namespace {

/// Reads 64 KiB twenty times and ends with exit code 43.
const std::string READER = test::disk_program(R"(
 mov cx,20
next: push cx
 mov ah,42h
 call disk
 pop cx
 mov al,22
 jc finish
 loop next
 mov al,21
 jmp finish
)",
                                              {.sectors = 127, .segment = 0x2000, .offset = 0, .first = 64});

} // namespace

TEST_CASE("a machine's limits are in its control group and in ps, and its disks keep to theirs") {
    if (!test::can_run() || !test::have_program("nasm"))
        NTFERRY_SKIP("no /dev/kvm, no SeaBIOS or no nasm");
    RunningMachine machine;
    machine.make_disk("disk.img", "again: hlt\n jmp again", 1024);
    const std::filesystem::path group = machine.folder() / "tree/ntferry-box";
    std::filesystem::create_directories(group);
    for (const char* file : {"cpu.weight", "cpu.max", "memory.max", "cgroup.procs"})
        std::ofstream(group / file) << "";
    for (const char* file : {"cgroup.controllers", "cgroup.subtree_control"})
        std::ofstream(group.parent_path() / file) << "cpu memory";
    machine.start("--disk disk.img --cgroup tree --limit cpu-weight=300 --limit cpu-cap-percent=60 "
                  "--limit memory-ceiling=200M --limit disk-bytes-per-second=5M");
    CHECK(machine.file("tree/ntferry-box/cpu.weight") == "300");
    CHECK(machine.file("tree/ntferry-box/cpu.max") == "60000 100000");
    CHECK(machine.file("tree/ntferry-box/memory.max") == std::to_string(200U << 20U));
    for (int n = 0; n < 100 && machine.file("tree/ntferry-box/cgroup.procs").empty(); ++n)
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    CHECK(machine.file("tree/ntferry-box/cgroup.procs") == "0"); // the process behind the walls itself
    const std::string ps = machine.ntferry("ps").out;
    CHECK_THAT(ps, Catch::Contains("64M RAM") && Catch::Contains("s of CPU time") &&
                       Catch::Contains("cpu weight 300, cpu cap 60 %, memory ceiling 200M, disks 5M/s\n"));
    const auto rows = boost::json::parse(machine.ntferry("ps --json").out);
    const auto& resources = rows.at(0).at("resources");
    CHECK(resources.at("cpu-cap-percent") == 60);
    CHECK_THAT(resources.at("limits").as_string().c_str(), Catch::Contains("cpu cap: 60 % of a processor"));
    CHECK(machine.ntferry("stop box --force").exit_code == 0);
    CHECK(machine.wait() == 0);
    for (const char* wrong : {"--limit cpu-cap=1", "--limit cpu-weight=0", "--limit nonsense",
                              "--limit memory-ceiling=65M", "--cgroup nowhere"}) {
        machine.start(std::string("--disk disk.img ") + wrong);
        INFO(wrong);
        CHECK(machine.wait() == 2);
    }
}

TEST_CASE("a machine's disks read no faster than their limit") {
    if (!test::can_run() || !test::have_program("nasm"))
        NTFERRY_SKIP("no /dev/kvm, no SeaBIOS or no nasm");
    RunningMachine machine;
    machine.make_disk("disk.img", READER, 1024);
    const auto time_of = [&](const std::string& limit) {
        const auto begin = std::chrono::steady_clock::now();
        machine.start("--debug-exit 0x501 --disk disk.img " + limit);
        CHECK(machine.wait() == 43);
        return std::chrono::steady_clock::now() - begin;
    };
    // 1,270 KiB at 256 KiB a second take nearly five seconds, whatever else the machine does.
    CHECK(time_of("--limit disk-bytes-per-second=256K") >= std::chrono::milliseconds(4500));
}
