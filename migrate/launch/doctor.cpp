// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/launch/doctor.hpp"

#include "migrate/cli/process.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <fstream>
#include <sstream>

#include <fcntl.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <unistd.h>

namespace ntferry::launch {
namespace {

constexpr double GIB = 1024.0 * 1024 * 1024;

std::string first_line(const std::string& text) {
    return text.substr(0, text.find('\n'));
}

std::string vmm_program(const DoctorOptions& options) {
    return options.vmm.empty() ? cli::find_program("ntferry-vmm") : options.vmm;
}

/// No capability bit tells whether KVM runs paged guests: the VMM tries it in a throw-away machine.
Check check_kvm(const DoctorOptions& options) {
    const bool qemu = !cli::find_program("qemu-system-i386").empty();
    const std::string otherwise =
        qemu ? "machines run slowly in QEMU here ('--engine auto' does that); use a host with full KVM "
               "for production"
             : "use a host with full KVM, or install qemu-system-x86 for a slow machine";
    const Verdict without = qemu ? Verdict::warning : Verdict::bad;
    if (::access("/dev/kvm", F_OK) != 0)
        return {"kvm", without, "this host has no KVM (/dev/kvm is missing)",
                "switch on virtualisation in the firmware setup and load kvm-intel or kvm-amd; " + otherwise};
    if (::access("/dev/kvm", R_OK | W_OK) != 0)
        return {"kvm", without, "you may not use KVM (/dev/kvm)",
                "add the user to the group kvm: adduser USER kvm"};
    const std::string vmm = vmm_program(options);
    if (vmm.empty())
        return {"kvm", Verdict::warning, "KVM is there; what it can do was not tried", "install ntferry-vmm"};
    const cli::ProcessResult probe = cli::run_process({vmm, "--probe"}, {}, std::chrono::seconds(20));
    const std::string says = first_line(probe.out);
    if (probe.exit_code == 0)
        return {"kvm", Verdict::good, says, {}};
    return {"kvm", without, says.empty() ? "the test of KVM failed: " + first_line(probe.err) : says,
            otherwise};
}

Check check_vmm(const DoctorOptions& options) {
    const std::string vmm = vmm_program(options);
    if (vmm.empty() || ::access(vmm.c_str(), X_OK) != 0)
        return {"vmm", Verdict::bad, "ntferry-vmm, the program that runs machines, is not there",
                "install the package ntferry completely"};
    return {"vmm", Verdict::good, "machines are run by " + vmm, {}};
}

Check check_firmware() {
    constexpr const char* folders[] = {"/usr/share/seabios", "/usr/share/qemu"};
    std::string missing;
    for (const char* file : {"bios.bin", "vgabios-stdvga.bin"}) {
        bool found = false;
        for (const char* folder : folders)
            found = found || ::access(fmt::format("{}/{}", folder, file).c_str(), R_OK) == 0;
        if (!found)
            missing += (missing.empty() ? "" : ", ") + std::string(file);
    }
    if (!missing.empty())
        return {"firmware", Verdict::bad, "firmware is missing: " + missing, "apt-get install seabios"};
    return {"firmware", Verdict::good, "the firmware (SeaBIOS and its VGA BIOS) is installed", {}};
}

Check check_memory(const DoctorOptions& options) {
    std::ifstream file(options.proc + "/meminfo");
    std::string line;
    while (std::getline(file, line)) {
        std::istringstream words(line);
        std::string name;
        std::uint64_t kib = 0;
        words >> name >> kib;
        if (name != "MemAvailable:")
            continue;
        const std::uint64_t available = kib * 1024;
        // Beside its RAM a machine needs some for the VMM itself and its disk buffers.
        const std::uint64_t needed = options.memory + (64U << 20U);
        const std::string says =
            fmt::format("{:.1f} GiB of memory are available; one machine needs {:.1f} GiB",
                        static_cast<double>(available) / GIB, static_cast<double>(needed) / GIB);
        if (available < needed)
            return {"memory", Verdict::bad, says, "stop other programs or give the machine less memory"};
        return {"memory", Verdict::good, says, {}};
    }
    return {"memory", Verdict::warning, "how much memory is free cannot be seen",
            "look at the output of 'free'"};
}

Check check_space(const DoctorOptions& options) {
    struct statvfs room {};
    if (::statvfs(options.folder.c_str(), &room) != 0)
        return {"space", Verdict::bad, fmt::format("{}: {}", options.folder, std::strerror(errno)),
                "name an existing folder with --folder"};
    const std::uint64_t free = std::uint64_t{room.f_bavail} * room.f_frsize;
    const std::string says =
        fmt::format("{:.1f} GiB are free in {}", static_cast<double>(free) / GIB, options.folder);
    if (free < options.space)
        return {"space", Verdict::warning,
                fmt::format("{}; {:.1f} GiB are wanted", says, static_cast<double>(options.space) / GIB),
                "free some or keep bundles elsewhere"};
    return {"space", Verdict::good, says, {}};
}

Check check_permissions(const DoctorOptions& options) {
    if (::access(options.folder.c_str(), R_OK | W_OK | X_OK) != 0)
        return {"permissions", Verdict::bad, fmt::format("you may not write into {}", options.folder),
                "choose a folder of yours or become its owner"};
    if (::geteuid() == 0)
        return {"permissions",
                Verdict::good,
                "you are root: disks can be read, machines can start with the host",
                {}};
    return {
        "permissions",
        Verdict::good,
        "you may write here; reading whole disks (/dev/sda) and starting machines with the host needs root",
        {}};
}

/// Windows NT takes its time from the RTC once, at boot; a host that is years off breaks logons and logs.
Check check_clock() {
    std::timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    constexpr std::time_t year_2024 = 1704067200;
    constexpr std::time_t year_2100 = 4102444800;
    if (now.tv_sec < year_2024 || now.tv_sec > year_2100)
        return {"clock", Verdict::bad, "the clock of this host is years off", "set it: timedatectl set-time"};
    timex state{};
    if (::adjtimex(&state) == TIME_ERROR || (state.status & STA_UNSYNC) != 0)
        return {"clock", Verdict::warning, "the clock of this host is not kept by a time server",
                "install chrony or systemd-timesyncd: domain logons fail when clocks differ by minutes"};
    return {"clock", Verdict::good, "the clock of this host is kept by a time server", {}};
}

Check check_programs() {
    std::string missing;
    for (const char* program : {"ssh", "qemu-img"})
        if (cli::find_program(program).empty())
            missing += (missing.empty() ? "" : ", ") + std::string(program);
    if (!missing.empty())
        return {"programs", Verdict::warning, "not installed: " + missing,
                "apt-get install openssh-client qemu-utils: moving to other hosts and exports need them"};
    return {"programs", Verdict::good, "the programs for moving and exporting machines are installed", {}};
}

} // namespace

const char* to_string(Verdict verdict) {
    switch (verdict) {
    case Verdict::good:
        return "good";
    case Verdict::warning:
        return "warning";
    default:
        return "bad";
    }
}

std::vector<Check> examine_host(const DoctorOptions& options) {
    return {check_kvm(options),   check_vmm(options),         check_firmware(), check_memory(options),
            check_space(options), check_permissions(options), check_clock(),    check_programs()};
}

Verdict worst(const std::vector<Check>& checks) {
    Verdict worst = Verdict::good;
    for (const Check& check : checks)
        worst = std::max(worst, check.verdict);
    return worst;
}

} // namespace ntferry::launch
