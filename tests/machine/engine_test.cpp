// ntferry-vmm --engine: its own machine, or QEMU with the same one where this host's KVM cannot run NT.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/kvm/kvm_system.hpp"

#include "tests/machine/run.hpp"
#include "tests/support/run.hpp"
#include "tests/support/skip.hpp"
#include "tests/support/temp_dir.hpp"

#include <catch2/catch.hpp>

using namespace ntferry;
using namespace ntferry::vmm;

namespace {

constexpr const char* SENTENCE = "QEMU runs this machine";

/// A disk whose boot sector ends the run with exit code 43.
std::string boot_disk(const test::TempDir& dir) {
    assemble_boot_sector(dir / "boot.img", ending_with(21));
    return dir / "boot.img";
}

test::RunResult run(const std::string& engine, const std::string& disk, const std::string& path = {}) {
    return test::run_shell((path.empty() ? std::string() : "PATH=" + path + " ") + NTFERRY_BINARY_DIR +
                           "/vmm/ntferry-vmm --memory 32M --debug-exit 0x501 --engine " + engine +
                           " --disk " + disk + " </dev/null");
}

} // namespace

TEST_CASE("Engine auto takes QEMU where this host's KVM cannot run NT, and nothing else changes") {
    if (!test::have_program("nasm") || !test::have_program("qemu-system-i386"))
        NTFERRY_SKIP("nasm or qemu-system-i386 is not installed");
    const test::TempDir dir;
    const std::string disk = boot_disk(dir);
    const bool full = kvm::probe_host().kind == kvm::HostKind::full;
    const test::RunResult result = run("auto", disk);
    INFO(result.err);
    CHECK(result.exit_code == 43);
    CHECK((result.err.find(SENTENCE) == std::string::npos) == full);
}

TEST_CASE("Engine qemu runs the machine under QEMU, engine kvm never does") {
    if (!test::have_program("nasm") || !test::have_program("qemu-system-i386"))
        NTFERRY_SKIP("nasm or qemu-system-i386 is not installed");
    const test::TempDir dir;
    const std::string disk = boot_disk(dir);
    const test::RunResult other = run("qemu", disk);
    INFO(other.err);
    CHECK(other.exit_code == 43);
    CHECK(other.err.find(SENTENCE) != std::string::npos);
    if (kvm::probe_host().kind == kvm::HostKind::none)
        NTFERRY_SKIP("this host offers no KVM");
    const test::RunResult own = run("kvm", disk);
    CHECK(own.exit_code == 43);
    CHECK(own.err.find(SENTENCE) == std::string::npos);
}

TEST_CASE("a fallback that is not installed is named with its package") {
    if (!test::have_program("nasm"))
        NTFERRY_SKIP("nasm is not installed");
    const test::TempDir dir;
    const test::RunResult result = run("qemu", boot_disk(dir), dir.path().string());
    CHECK(result.exit_code == 1);
    CHECK_THAT(result.err, Catch::Contains("install qemu-system-x86"));
    CHECK(run("vmware", dir / "boot.img").exit_code == 2);
}
