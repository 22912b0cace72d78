// A machine of ntferry-vmm in the background, and ntferry to drive it.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/support/run.hpp"
#include "tests/support/temp_dir.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <chrono>
#include <fstream>
#include <thread>
#include <unistd.h>

namespace ntferry::test {

inline const std::string NTFERRY = std::string(NTFERRY_BINARY_DIR) + "/migrate/ntferry";
inline const std::string VMM = std::string(NTFERRY_BINARY_DIR) + "/vmm/ntferry-vmm";

inline bool can_run() {
    return ::access("/dev/kvm", R_OK | W_OK) == 0 && ::access("/usr/share/seabios/bios-256k.bin", R_OK) == 0;
}

/// A machine whose disk holds nothing, or the given boot sector, in the background.
class RunningMachine {
  public:
    explicit RunningMachine(const std::string& boot_code, const std::string& options = {}) {
        std::string sector(512, '\0');
        sector.replace(0, boot_code.size(), boot_code);
        if (!boot_code.empty())
            sector.replace(510, 2, "\x55\xAA");
        std::ofstream(folder_ / "disk.img", std::ios::binary) << sector << std::string(1 << 20, '\0');
        start("--disk disk.img " + options);
    }
    /// Nothing runs yet; see start().
    RunningMachine() = default;
    /// In the background. Returns when its control socket is there, or it has ended.
    void start(const std::string& options) {
        const std::string where = folder_.path().string();
        for (const char* old : {"rc", "err"})
            std::filesystem::remove(folder_.path() / old);
        const auto result = test::run_shell(
            fmt::format("cd {0} && (XDG_RUNTIME_DIR={0} {1} --name box --memory 64M {2} >out 2>err & "
                        "echo $! >pid; wait $!; echo $? >rc) >/dev/null 2>&1 &",
                        where, VMM, options));
        REQUIRE(result.exit_code == 0);
        for (int n = 0;
             n < 200 && ::access((folder_ / "ntferry/box.sock").c_str(), F_OK) != 0 && file("rc").empty();
             ++n)
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    /// The exit code once it has ended; -1 when it does not end within a minute.
    int wait() const {
        for (int n = 0; n < 600; ++n) {
            if (const std::string code = file("rc"); !code.empty())
                return std::stoi(code);
            std::this_thread::sleep_for(std::chrono::milliseconds(100));
        }
        return -1;
    }
    const std::filesystem::path& folder() const { return folder_.path(); }
    /// Assembles a boot sector (nasm) and makes a raw image of that many KiB with it.
    void make_disk(const std::string& name, const std::string& code, unsigned kib) const {
        std::ofstream(folder_ / (name + ".asm")) << "org 7c00h\nbits 16\n"
                                                 << code << "\ntimes 510-($-$$) db 0\ndw 0aa55h\n";
        REQUIRE(test::run_shell(fmt::format("cd {0} && nasm -f bin {1}.asm -o {1} && truncate -s {2}K {1}",
                                            folder_.path().string(), name, kib))
                    .exit_code == 0);
    }
    ~RunningMachine() { ntferry("stop box --force"); }
    RunningMachine(const RunningMachine&) = delete;
    RunningMachine& operator=(const RunningMachine&) = delete;

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
    /// The process that was started.
    int process() const { return std::stoi(file("pid")); }
    /// The one behind the walls: the last of its line of children.
    int inside() const {
        int last = process();
        for (;;) {
            std::ifstream children(fmt::format("/proc/{0}/task/{0}/children", last));
            if (int child = 0; children >> child)
                last = child;
            else
                return last;
        }
    }
    /// A line of /proc/PID/status without its name; of a task when one is given.
    static std::string status(int process, const std::string& name) {
        std::ifstream in(fmt::format("/proc/{}/status", process));
        for (std::string line; std::getline(in, line);)
            if (line.starts_with(name + ":\t"))
                return line.substr(name.size() + 2);
        return {};
    }

  private:
    test::TempDir folder_;
};

} // namespace ntferry::test
