// Boot loaders that Debian ships reach their screens in a machine of ours, read back from video memory.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/kvm/kvm_system.hpp"
#include "vmm/machine/machine.hpp"
#include "vmm/machine/make_backends.hpp"

#include "tests/support/run.hpp"
#include "tests/support/skip.hpp"
#include "tests/support/temp_dir.hpp"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

using namespace ntferry;
using namespace ntferry::vmm;

namespace {

constexpr const char* GRUB = "/usr/lib/grub/i386-pc/boot.img";
constexpr const char* MEMTEST = "/boot/memtest86+ia32.bin";

std::string missing() {
    if (kvm::probe_host().kind == kvm::HostKind::none)
        return "this host offers no KVM";
    if (!test::have_program("grub-mkimage") || !std::filesystem::exists(GRUB))
        return "grub-pc-bin is not installed";
    return {};
}

/// A disk whose master boot record and first track are GRUB's, made from files in dir.
std::string grub_disk(const test::TempDir& dir, const std::string& arguments) {
    const std::string disk = dir / "disk.img";
    const test::RunResult made = test::run_shell(
        "cd " + dir.path().string() + " && grub-mkimage -O i386-pc -o core.img -p '(memdisk)/boot/grub' " +
        arguments + " && cat " + GRUB + " core.img >disk.img && truncate -s 4M disk.img");
    INFO(made.err);
    REQUIRE(made.exit_code == 0);
    return disk;
}

/// The text screen of a machine with this disk, once it shows the text; the last one after some minutes.
std::string screen_with(const std::string& disk, const std::string& text) {
    profiles::MachineDescription description;
    description.memory = 32U << 20U;
    description.disks.push_back({disk, 0, std::nullopt, false});
    MachineOptions options;
    options.lock = std::make_shared<std::mutex>();
    MachineBackends backends = make_backends(description, {}, options.lock);
    Machine machine(profiles::find_profile(description.profile), description, std::move(backends), options);
    machine.start();
    std::string screen;
    for (int i = 0; i < 2400 && screen.find(text) == std::string::npos; ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        machine.locked([&] {
            if (const auto now = machine.display()->text())
                screen = now->utf8();
        });
    }
    machine.stop();
    CHECK(machine.wait() == 0);
    return screen;
}

} // namespace

TEST_CASE("GRUB welcomes and reads its configuration", "[loader]") {
    if (const std::string reason = missing(); !reason.empty())
        NTFERRY_SKIP(reason);
    const test::TempDir dir;
    std::ofstream(dir / "embedded.cfg") << "echo GRUB reads its configuration\n";
    const std::string screen =
        screen_with(grub_disk(dir, "-c embedded.cfg echo"), "GRUB reads its configuration");
    INFO(screen);
    CHECK(screen.find("Welcome to GRUB!") != std::string::npos);
    CHECK(screen.find("GRUB reads its configuration") != std::string::npos);
}

TEST_CASE("GRUB starts memtest86+, which tests the machine's memory", "[loader]") {
    if (const std::string reason = missing(); !reason.empty())
        NTFERRY_SKIP(reason);
    if (const kvm::HostReport host = kvm::probe_host(); host.kind != kvm::HostKind::full)
        NTFERRY_SKIP(host.sentence + " memtest86+ pages; it runs in the rig");
    if (!std::filesystem::exists(MEMTEST))
        NTFERRY_SKIP("memtest86+ is not installed");
    const test::TempDir dir;
    std::filesystem::create_directories(dir.path() / "boot/grub");
    std::filesystem::copy_file(MEMTEST, dir.path() / "memtest.bin");
    std::ofstream(dir / "boot/grub/grub.cfg") << "linux16 (memdisk)/memtest.bin\nboot\n";
    REQUIRE(
        test::run_shell("cd " + dir.path().string() + " && tar cf memdisk.tar boot memtest.bin").exit_code ==
        0);
    const std::string screen =
        screen_with(grub_disk(dir, "-m memdisk.tar memdisk tar normal linux16 boot"), "Pass:");
    INFO(screen);
    CHECK(screen.find("Memtest86+") != std::string::npos);
    CHECK(screen.find("Memory") != std::string::npos);
}
