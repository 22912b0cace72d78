// A real machine of this host's KVM, driven by ntferry through its control socket.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/run.hpp"
#include "tests/support/skip.hpp"
#include "tests/support/temp_dir.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <chrono>
#include <fstream>
#include <thread>
#include <unistd.h>

using namespace ntferry;

namespace {

const std::string NTFERRY = std::string(NTFERRY_BINARY_DIR) + "/migrate/ntferry";
const std::string VMM = std::string(NTFERRY_BINARY_DIR) + "/vmm/ntferry-vmm";

bool can_run() {
    return ::access("/dev/kvm", R_OK | W_OK) == 0 && ::access("/usr/share/seabios/bios-256k.bin", R_OK) == 0;
}

/// A machine whose disk holds nothing, or the given boot sector, in the background.
class Running {
  public:
    explicit Running(const std::string& boot_code, const std::string& options = {}) {
        std::string sector(512, '\0');
        sector.replace(0, boot_code.size(), boot_code);
        if (!boot_code.empty())
            sector.replace(510, 2, "\x55\xAA");
        std::ofstream(folder_ / "disk.img", std::ios::binary) << sector << std::string(1 << 20, '\0');
        const auto result = test::run_shell(fmt::format(
            "cd {0} && XDG_RUNTIME_DIR={0} {1} --profile nt4 --name box --disk disk.img --memory 64M "
            "{2} >out 2>err & echo $! > {0}/pid",
            folder_.path().string(), VMM, options));
        REQUIRE(result.exit_code == 0);
        for (int n = 0; n < 200 && ::access((folder_ / "ntferry/box.sock").c_str(), F_OK) != 0; ++n)
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    ~Running() { ntferry("stop box --force"); }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;

    test::RunResult ntferry(const std::string& arguments) const {
        return test::run_shell(
            fmt::format("XDG_RUNTIME_DIR={} {} {}", folder_.path().string(), NTFERRY, arguments));
    }
    /// Whether the text screen shows it within half a minute.
    bool shows(const std::string& text) const {
        for (int n = 0; n < 150; ++n) {
            if (ntferry("screenshot box --text").out.find(text) != std::string::npos)
                return true;
            std::this_thread::sleep_for(std::chrono::milliseconds(200));
        }
        return false;
    }
    bool gone() const {
        for (int n = 0; n < 200; ++n) {
            if (::access((folder_ / "ntferry/box.sock").c_str(), F_OK) != 0)
                return true;
            std::this_thread::sleep_for(std::chrono::milliseconds(100));
        }
        return false;
    }
    std::string file(const std::string& name) const {
        std::ifstream in(folder_ / name, std::ios::binary);
        return {std::istreambuf_iterator<char>(in), {}};
    }
    std::string path(const std::string& name) const { return folder_ / name; }

  private:
    test::TempDir folder_;
};

} // namespace

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
