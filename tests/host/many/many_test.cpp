// Many machines: started and stopped over and over, and all at once; nothing of them is left.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/host/control/running_machine.hpp"
#include "tests/support/skip.hpp"

#include <cstdlib>
#include <filesystem>
#include <memory>

using namespace ntferry;
using test::RunningMachine;

namespace {

/// NTFERRY_CYCLES, or few enough for every day.
unsigned cycles() {
    const char* asked = std::getenv("NTFERRY_CYCLES");
    return asked != nullptr ? static_cast<unsigned>(std::stoul(asked)) : 12;
}

/// A system ROM that waits for interrupts for ever, or writes 21 to port 501h.
void make_rom(const std::string& path, const std::string& code) {
    std::ofstream(path + ".asm")
        << "bits 16\norg 0\nstart: " << code
        << "\ntimes 0fff0h-($-$$) db 0\n jmp 0f000h:start\ntimes 10000h-($-$$) db 0\n";
    REQUIRE(test::run_shell("nasm -f bin " + path + ".asm -o " + path).exit_code == 0);
}

std::size_t files_in(const std::string& folder) {
    std::size_t count = 0;
    std::error_code error;
    for ([[maybe_unused]] const auto& entry : std::filesystem::recursive_directory_iterator(folder, error))
        ++count;
    return count;
}

std::size_t machines_alive(const std::string& mark) {
    return static_cast<std::size_t>(std::stoul(
        test::run_shell(
            "n=0; for f in /proc/[0-9]*/cmdline; do tr '\\0' ' ' <$f 2>/dev/null | grep -q 'ntferry-vmm.*" +
            mark + "' && n=$((n+1)); done; echo $n")
            .out));
}

} // namespace

TEST_CASE("machines that start and stop over and over leave no process, socket or file") {
    if (!test::can_run() || !test::have_program("nasm"))
        NTFERRY_SKIP("no /dev/kvm, no SeaBIOS or no nasm");
    RunningMachine place;
    make_rom(place.path("rom"), "mov dx,501h\n mov al,21\n out dx,al\n hlt");
    place.make_disk("disk.img", "hlt", 1024);
    REQUIRE(
        place.ntferry("image convert " + place.path("disk.img") + " " + place.path("disk.vhd")).exit_code ==
        0);
    std::filesystem::create_directory(place.path("lan"));
    std::size_t before = 0;
    for (unsigned n = 0; n < cycles(); ++n) {
        const auto run =
            test::run_shell(fmt::format("cd {} && XDG_RUNTIME_DIR=. {} --name cycle --firmware rom "
                                        "--debug-exit 0x501 --memory 16M --disk disk.vhd "
                                        "--state states --undo discard --nic switch,path=lan,port=one --vnc "
                                        "unix:vnc.sock --serial file:com1 2>&1",
                                        place.folder().string(), test::VMM));
        INFO(n << ": " << run.out);
        REQUIRE(run.exit_code == 43);
        if (n == 1)
            before = files_in(place.folder());
    }
    CHECK(files_in(place.folder()) == before);
    CHECK(machines_alive("--name [c]ycle ") == 0);
}

TEST_CASE(
    "one machine that is reset, paused, looked at and given media over and over keeps its descriptors") {
    if (!test::can_run() || !test::have_program("nasm"))
        NTFERRY_SKIP("no /dev/kvm, no SeaBIOS or no nasm");
    RunningMachine machine;
    machine.make_disk("disk.img", "hlt", 1024);
    REQUIRE(machine.ntferry("image convert " + machine.path("disk.img") + " " + machine.path("disk.vhd"))
                .exit_code == 0);
    make_rom(machine.path("rom"), "sti\nagain: hlt\n jmp again");
    machine.start("--firmware rom --disk disk.vhd --state states");
    const int inside = machine.inside();
    const auto descriptors = [&] { return files_in(fmt::format("/proc/{}/fd", inside)); };
    std::size_t before = 0;
    for (unsigned n = 0; n < cycles(); ++n) {
        for (const char* command :
             {"reset box", "ps", "snapshot create box x", "snapshot revert box x", "snapshot delete box x"})
            REQUIRE(machine.ntferry(command).exit_code == 0);
        if (n == 1)
            before = descriptors();
    }
    CHECK(descriptors() <=
          before + 2 * cycles()); // layers of deleted snapshots stay open until the next start
}

TEST_CASE("two dozen machines run at once and end when they are told to") {
    if (!test::can_run() || !test::have_program("nasm"))
        NTFERRY_SKIP("no /dev/kvm, no SeaBIOS or no nasm");
    constexpr unsigned machines = 24;
    RunningMachine place;
    make_rom(place.path("rom"), "sti\nagain: hlt\n jmp again");
    for (unsigned n = 0; n < machines; ++n)
        REQUIRE(
            test::run_shell(
                fmt::format("cd {0} && (XDG_RUNTIME_DIR={0} {1} --name box{2} --firmware rom --memory 16M "
                            "2>err{2}; echo $? >rc{2}) >/dev/null 2>&1 &",
                            place.folder().string(), test::VMM, n))
                .exit_code == 0);
    const auto running = [&] {
        const std::string list = place.ntferry("ps").out;
        unsigned count = 0;
        for (std::size_t at = list.find("running"); at != std::string::npos;
             at = list.find("running", at + 1))
            ++count;
        return count;
    };
    for (int n = 0; n < 300 && running() < machines; ++n)
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
    CHECK(running() == machines);
    for (unsigned n = 0; n < machines; ++n)
        CHECK(place.ntferry(fmt::format("stop box{} --force", n)).exit_code == 0);
    for (unsigned n = 0; n < machines; ++n) {
        std::string code;
        for (int wait = 0; wait < 300 && code.empty(); ++wait) {
            code = place.file(fmt::format("rc{}", n));
            if (code.empty())
                std::this_thread::sleep_for(std::chrono::milliseconds(100));
        }
        CHECK(code == "0\n");
    }
    CHECK(files_in(place.path("ntferry")) == 0);
}
