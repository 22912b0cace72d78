// ntferry-vmm behind its walls: what the kernel says of the process, and that everything works there.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/launch/control_client.hpp"
#include "migrate/launch/settings.hpp"
#include "tests/host/control/running_machine.hpp"
#include "tests/host/display/tls_viewer.hpp"
#include "tests/support/leaks.hpp"
#include "tests/support/skip.hpp"

#include <catch2/catch.hpp>

#include <cstring>
#include <filesystem>

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>

using namespace ntferry;
using test::RunningMachine;

NTFERRY_KNOWN_LEAKS(test::VIEWER_LEAKS);

namespace {

namespace fs = std::filesystem;

/// Prints a letter when a key is pressed, for ever: INT 16h, INT 10h.
const std::string ECHO_KEYS("\xFB\x31\xC0\xCD\x16\xB4\x0E\xBB\x07\x00\xCD\x10\xEB\xF3", 14);

std::string wall_of(int process, const std::string& name) {
    std::error_code error;
    return fs::read_symlink("/proc/" + std::to_string(process) + "/ns/" + name, error).string();
}

/// Whether what is written where the machine's process sees a file, as root even, comes into the file.
bool can_change(int process, const std::string& path) {
    constexpr const char* word = "changed";
    const int file =
        ::open(fmt::format("/proc/{}/root{}", process, path).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file >= 0) {
        CHECK(::write(file, word, std::strlen(word)) > 0);
        ::close(file);
    }
    std::ifstream in(path, std::ios::binary);
    const std::string content{std::istreambuf_iterator<char>(in), {}};
    return content.starts_with(word);
}

/// A port of the loopback address that nobody uses.
std::uint16_t free_port() {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    REQUIRE(::bind(socket, reinterpret_cast<const sockaddr*>(&address), length) == 0);
    REQUIRE(::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &length) == 0);
    ::close(socket);
    return ntohs(address.sin_port);
}

} // namespace

TEST_CASE("walls: the process of a machine has no rights, few system calls and its own namespaces") {
    if (!test::can_run())
        NTFERRY_SKIP("no /dev/kvm or no SeaBIOS");
    const RunningMachine machine("", ::geteuid() == 0 ? "--run-as nobody" : "");
    REQUIRE(machine.shows("No bootable device"));
    const int inside = machine.inside();
    if (machine.file("err").find("built with a sanitizer") != std::string::npos)
        NTFERRY_SKIP("sanitizers need more system calls");
    CHECK(RunningMachine::status(inside, "Seccomp") == "2");
    CHECK(RunningMachine::status(inside, "NoNewPrivs") == "1");
    for (const char* set : {"CapInh", "CapPrm", "CapEff", "CapAmb"})
        CHECK(RunningMachine::status(inside, set) == "0000000000000000");
    CHECK(RunningMachine::status(inside, "Uid").substr(0, 2) != "0\t");
    // Threads of the guest have a second, tighter filter.
    for (const auto& task : fs::directory_iterator(fmt::format("/proc/{}/task", inside))) {
        std::ifstream in(task.path() / "comm");
        std::string name;
        std::getline(in, name);
        if (name == "cpu0" || name == "disk")
            CHECK(RunningMachine::status(std::stoi(task.path().filename()), "Seccomp_filters") >= "2");
    }
    const std::string summary = machine.file("err");
    INFO(summary);
    if (summary.find("own files (") != std::string::npos)
        NTFERRY_SKIP("this host allows no user namespaces: " + summary);
    for (const char* kind : {"user", "pid", "mnt", "net", "ipc", "uts"})
        CHECK(wall_of(inside, kind) != wall_of(::getpid(), kind));
    CHECK_FALSE(fs::exists(fmt::format("/proc/{}/root/home", inside)));
    CHECK_FALSE(fs::exists(fmt::format("/proc/{}/root{}", inside, machine.path("disk.img"))));
    CHECK(machine.ntferry("ps").out.find("running") != std::string::npos);
}

TEST_CASE("walls: machine, control, screen, reset and stop work behind them, and nothing is left") {
    if (!test::can_run())
        NTFERRY_SKIP("no /dev/kvm or no SeaBIOS");
    test::TempDir screens;
    ::chmod(screens.path().c_str(), 0755);
    const RunningMachine machine(ECHO_KEYS, "--vnc unix:" + (screens / "vnc.sock") +
                                                " --serial file:" + (screens / "com1") + " --nic nat");
    REQUIRE(machine.shows("Booting from Hard Disk"));
    CHECK(machine.ntferry("type box 'inside'").exit_code == 0);
    CHECK(machine.shows("inside"));
    CHECK(machine.ntferry("screenshot box " + machine.path("s.png")).exit_code == 0);
    CHECK(machine.file("s.png").substr(1, 3) == "PNG");
    CHECK(machine.ntferry("reset box").exit_code == 0);
    CHECK(machine.shows("Booting from Hard Disk"));
    const int inside = machine.inside();
    CHECK(machine.ntferry("stop box --force").exit_code == 0);
    CHECK(machine.gone());
    CHECK_FALSE(fs::exists(screens / "vnc.sock"));
    CHECK_FALSE(fs::exists("/proc/" + std::to_string(inside)));
}

TEST_CASE(
    "walls: a CD that the machine cannot see is handed over open; one in a media folder goes in by name") {
    if (!test::can_run())
        NTFERRY_SKIP("no /dev/kvm or no SeaBIOS");
    test::TempDir elsewhere;
    std::ofstream(elsewhere / "a.iso") << std::string(1 << 16, 'a');
    test::TempDir media;
    ::chmod(media.path().c_str(), 0755);
    std::ofstream(media / "b.iso") << std::string(1 << 17, 'b');
    const RunningMachine machine("", "--media " + media.path().string() +
                                         (::geteuid() == 0 ? " --run-as nobody" : ""));
    CHECK(machine.ntferry("eject box --insert " + (elsewhere / "a.iso")).exit_code == 0);
    launch::ControlClient client(machine.path("ntferry/box.sock"));
    const auto drives = [&] { return boost::json::serialize(client.run("query-block")); };
    CHECK(drives().find(elsewhere / "a.iso") != std::string::npos);
    CHECK(drives().find("65536") != std::string::npos);
    const auto change = [&](const std::string& file) {
        client.run("blockdev-change-medium", {{"id", "ide1-cd0"}, {"filename", file}});
    };
    CHECK_THROWS_WITH(change(elsewhere / "a.iso"),
                      Catch::Contains("cannot see this file from behind its walls"));
    CHECK_NOTHROW(change(media / "b.iso"));
    CHECK(drives().find("131072") != std::string::npos);
    CHECK_THROWS_WITH(change("/dev/fdset/1"), Catch::Contains("no descriptor was handed over"));
}

TEST_CASE("walls: a process outside that is killed takes the machine with it") {
    if (!test::can_run())
        NTFERRY_SKIP("no /dev/kvm or no SeaBIOS");
    const RunningMachine machine("");
    const int inside = machine.inside();
    REQUIRE(inside != machine.process());
    CHECK(test::run_shell(fmt::format("kill -9 {}", machine.process())).exit_code == 0);
    bool gone = false;
    for (int n = 0; n < 50 && !gone; ++n) {
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        gone = RunningMachine::status(inside, "State").empty() ||
               RunningMachine::status(inside, "State")[0] == 'Z';
    }
    CHECK(gone);
}

TEST_CASE("walls: required ones that do not stand are an error, off means none") {
    if (!test::can_run())
        NTFERRY_SKIP("no /dev/kvm or no SeaBIOS");
    test::TempDir folder;
    std::ofstream(folder / "disk.img") << std::string(1 << 20, '\0');
    const auto run = [&](const std::string& options) {
        return test::run_shell(fmt::format("timeout 5 {} --disk {} --control none --memory 32M {}", test::VMM,
                                           folder / "disk.img", options));
    };
    CHECK(run("--sandbox maybe").err.find("allowed: auto, required, off") != std::string::npos);
    CHECK(run("--sandbox off").err.find("walls: none") != std::string::npos);
    if (::geteuid() != 0)
        NTFERRY_SKIP("only root can be asked to give root up");
    const auto refused = run("--sandbox required --run-as root");
    CHECK(refused.exit_code == 4);
    CHECK(refused.err.find("not root does not stand: --run-as names root") != std::string::npos);
}

TEST_CASE("walls: a machine of root's runs as somebody else, in folders that are closed to everybody else") {
    if (!test::can_run() || ::geteuid() != 0)
        NTFERRY_SKIP("no /dev/kvm, no SeaBIOS or not root");
    RunningMachine machine;
    std::ofstream(machine.path("raw")) << std::string(1 << 20, '\0');
    REQUIRE(
        machine.ntferry("image convert " + machine.path("raw") + " " + machine.path("disk.vhd")).exit_code ==
        0);
    std::ofstream(machine.path("machine.xml")) << "<machine><disk path=\"disk.vhd\"/></machine>";
    ::chmod(machine.folder().c_str(), 0700);
    const ::mode_t before = ::umask(077); // as 'ntferry run' starts it
    machine.start("--machine machine.xml");
    ::umask(before);
    INFO(machine.file("err"));
    REQUIRE(machine.shows("No bootable device"));
    const std::string uid = RunningMachine::status(machine.inside(), "Uid");
    CHECK(std::stoi(uid) > 0);
    CHECK(RunningMachine::status(machine.inside(), "CapPrm") == "0000000000000000");
    // It has its state; whether its bundle runs and where that is, is no business of it.
    CHECK(can_change(machine.inside(), machine.path("state/anything")));
    for (const char* mark : {launch::moved_file, launch::incoming_file, launch::run_lock_file, "machine.xml"})
        CHECK_FALSE(can_change(machine.inside(), machine.path(mark)));
    CHECK(machine.ntferry("snapshot create box now").exit_code == 0);
    CHECK(machine.ntferry("snapshot revert box now").exit_code == 0);
    CHECK(machine.shows("No bootable device"));
    CHECK(machine.ntferry("save box").exit_code == 0);
    REQUIRE(machine.wait() == 0);
    machine.start("--machine machine.xml --resume-state state/saved.state"); // the same somebody
    INFO(machine.file("err"));
    CHECK(machine.shows("No bootable device"));
    CHECK(std::stoi(RunningMachine::status(machine.inside(), "Uid")) == std::stoi(uid));
}

TEST_CASE("walls: viewers' TLS works behind them") {
    if (!test::can_run() || !test::have_program("openssl"))
        NTFERRY_SKIP("no /dev/kvm, no SeaBIOS or no openssl to make certificates with");
    const test::Certificates certificates;
    test::TempDir secrets;
    std::ofstream(secrets / "password") << "secret\n";
    const std::uint16_t port = free_port();
    const RunningMachine machine("", fmt::format("{} --vnc 127.0.0.1:{} --vnc-tls {} --vnc-password {}",
                                                 ::geteuid() == 0 ? "--run-as nobody" : "", port,
                                                 certificates.path(), secrets / "password"));
    INFO(machine.file("err"));
    REQUIRE(machine.shows("No bootable device"));
    CHECK_FALSE(fs::exists(fmt::format("/proc/{}/root{}", machine.inside(), certificates.path())));
    const test::Viewer good{certificates.folder / "authority.pem", {}, {}, "secret"};
    CHECK(test::gets_in(good, port));
    test::Viewer wrong = good;
    wrong.password = "guess";
    CHECK_FALSE(test::gets_in(wrong, port));
    CHECK(test::gets_in(good, port));
}

TEST_CASE("walls: a tap device of the machine's user that comes back is used again from behind them") {
    if (!test::can_run() || !test::have_program("ip") || ::geteuid() != 0)
        NTFERRY_SKIP("no /dev/kvm, no SeaBIOS, no ip or not root");
    const std::string make = "ip tuntap add dev ntftest2 mode tap user nobody && ip link set ntftest2 up";
    if (test::run_shell(make).exit_code != 0)
        NTFERRY_SKIP("no permission to make a tap device");
    RunningMachine machine({}, "--run-as nobody --nic bridge,tap=ntftest2");
    INFO(machine.file("err"));
    launch::ControlClient client(machine.path("ntferry/box.sock"));
    const auto link = [&] {
        const auto event = client.wait_for("NTFERRY_NETWORK", std::chrono::seconds(10));
        return event ? std::string(event->at("link").as_string().c_str()) : "no event";
    };
    REQUIRE(test::run_shell("ip link del ntftest2").exit_code == 0);
    CHECK(link() == "down");
    REQUIRE(test::run_shell(make).exit_code == 0);
    CHECK(link() == "up");
    test::run_shell("ip link del ntftest2");
    CHECK(RunningMachine::status(machine.inside(), "CapEff") == "0000000000000000");
}
