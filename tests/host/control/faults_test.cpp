// What the host does to a machine: disks without room, servers that die, networks that vanish. With the cause
// cured it goes on and has lost nothing.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/launch/control_client.hpp"
#include "tests/host/control/guest_code.hpp"
#include "tests/host/control/running_machine.hpp"
#include "tests/support/skip.hpp"

#include <filesystem>

using namespace ntferry;
using test::RunningMachine;

namespace {

/// Writes memory from its own sector on into 39 runs of 64 sectors; exit code 43 when all of that went well,
/// 45 when not.
const std::string WRITER = test::disk_program(R"(
next: mov ah,43h
 call disk
 mov al,22
 jc finish
 add dword [dap+8],64
 cmp dword [dap+8],64*40
 jb next
 mov al,21
 jmp finish
)",
                                              {.sectors = 64, .segment = 0, .offset = 0x7C00, .first = 64});

/// A file system of its own, so that it can be full.
class SmallDisk {
  public:
    explicit SmallDisk(const std::filesystem::path& at) : at_(at.string()) {
        mounted =
            test::run_shell("mkdir -p " + at_ + " && mount -t tmpfs -o size=768k none " + at_).exit_code == 0;
    }
    ~SmallDisk() {
        if (mounted)
            test::run_shell("umount -l " + at_);
    }
    SmallDisk(const SmallDisk&) = delete;
    SmallDisk& operator=(const SmallDisk&) = delete;
    void grow() const { test::run_shell("mount -o remount,size=16m " + at_); }
    bool mounted = false;

  private:
    std::string at_;
};

void fill_and_cure(bool vhd) {
    RunningMachine machine;
    const SmallDisk small(machine.folder() / "small");
    if (!small.mounted)
        NTFERRY_SKIP("this user cannot mount a file system that fills up");
    machine.make_disk("disk.img", WRITER, 4096);
    const std::string image = vhd ? "small/disk.vhd" : "small/disk.img";
    if (vhd)
        REQUIRE(machine.ntferry("image convert " + machine.path("disk.img") + " " + machine.path(image))
                    .exit_code == 0);
    else
        REQUIRE(test::run_shell("cp --sparse=always " + machine.path("disk.img") + " " + machine.path(image))
                    .exit_code == 0);
    machine.start("--debug-exit 0x501 --disk " + image);
    launch::ControlClient client(machine.path("ntferry/box.sock"));
    const auto event = client.wait_for("BLOCK_IO_ERROR", std::chrono::seconds(60));
    INFO(machine.file("err"));
    REQUIRE(event);
    CHECK(event->at("device") == "ide0-hd0");
    CHECK(event->at("operation") == "write");
    CHECK(event->at("action") == "stop");
    CHECK(event->at("nospace") == true);
    const boost::json::value status = client.run("query-status");
    CHECK(status.at("status") == "io-error");
    CHECK_THAT(status.at("ntferry-reason").as_string().c_str(), Catch::Contains("No space left on device"));
    CHECK(client.run("query-block").at(0).at("io-status") == "nospace");
    // Not cured: it comes again.
    client.run("cont");
    REQUIRE(client.wait_for("RESUME", std::chrono::seconds(10)));
    bool again = false;
    for (int n = 0; n < 100 && !again; ++n) {
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
        again = client.run("query-status").at("status") == "io-error";
    }
    CHECK(again);
    CHECK_THROWS(client.run("ntferry-save-state", {{"filename", machine.path("x")}}));
    small.grow();
    client.run("cont");
    CHECK(machine.wait() == 43);
    // All of it is there: 2,560 sectors, every one as the guest's memory was.
    REQUIRE(
        machine.ntferry("image convert --type raw " + machine.path(image) + " " + machine.path("after.img"))
            .exit_code == 0);
    std::ifstream after(machine.path("after.img"), std::ios::binary);
    const std::string all{std::istreambuf_iterator<char>(after), {}};
    unsigned written = 0;
    for (unsigned run = 1; run < 40; ++run)
        written += all.compare(run * 64 * 512UL, 16, all, 0, 16) == 0 ? 1 : 0;
    CHECK(written == 39);
}

} // namespace

TEST_CASE("a raw image without room pauses the guest, which goes on once there is some") {
    if (!test::can_run() || !test::have_program("nasm"))
        NTFERRY_SKIP("no /dev/kvm, no SeaBIOS or no nasm");
    fill_and_cure(false);
}

TEST_CASE("a VHD without room pauses the guest, which goes on once there is some") {
    if (!test::can_run() || !test::have_program("nasm"))
        NTFERRY_SKIP("no /dev/kvm, no SeaBIOS or no nasm");
    fill_and_cure(true);
}

namespace {

/// Writes the key that is pressed into sector 100 and shows it, for ever.
const std::string KEY_WRITER = test::disk_program(R"(
again: sti
 xor ax,ax
 int 16h
 mov [8000h],al
 mov ah,43h
 call disk
 mov al,'!'
 jc bad
 mov al,[8000h]
bad: call show
 jmp again
)");

/// A server that dies with the object, or before.
class NbdServer {
  public:
    NbdServer(std::string image, std::string socket) : image_(std::move(image)), socket_(std::move(socket)) {
        start();
    }
    ~NbdServer() { die(); }
    NbdServer(const NbdServer&) = delete;
    NbdServer& operator=(const NbdServer&) = delete;
    void start() const {
        REQUIRE(
            test::run_shell("nbdkit -U " + socket_ + " -P " + socket_ + ".pid file " + image_).exit_code ==
            0);
        // A machine of root's is another user by the time it comes back here.
        REQUIRE(test::run_shell("chmod 666 " + socket_).exit_code == 0);
    }
    void die() const {
        test::run_shell("kill -9 $(cat " + socket_ + ".pid) 2>&1; rm -f " + socket_ + " " + socket_ + ".pid");
    }

  private:
    std::string image_;
    std::string socket_;
};

char letter_in(const RunningMachine& machine, const std::string& image) {
    std::ifstream in(machine.path(image), std::ios::binary);
    in.seekg(100 * 512);
    return static_cast<char>(in.get());
}

} // namespace

TEST_CASE("an NBD server that dies pauses the guest, which goes on by itself once the server is back") {
    if (!test::can_run() || !test::have_program("nasm") || !test::have_program("nbdkit"))
        NTFERRY_SKIP("no /dev/kvm, no SeaBIOS, no nasm or no nbdkit");
    RunningMachine machine;
    machine.make_disk("disk.img", KEY_WRITER, 1024);
    std::filesystem::create_directory(machine.path("nbd"));
    const NbdServer server(machine.path("disk.img"), machine.path("nbd/sock"));
    machine.start("--disk 'nbd+unix:///?socket=" + machine.path("nbd/sock") + "'");
    INFO(machine.file("err"));
    REQUIRE(machine.shows("Booting from Hard Disk"));
    REQUIRE(machine.ntferry("type box a").exit_code == 0);
    REQUIRE(machine.shows("a"));
    launch::ControlClient client(machine.path("ntferry/box.sock"));
    server.die();
    REQUIRE(machine.ntferry("type box b").exit_code == 0);
    const auto event = client.wait_for("BLOCK_IO_ERROR", std::chrono::seconds(30));
    REQUIRE(event);
    CHECK(event->at("device") == "ide0-hd0");
    CHECK_THAT(event->at("reason").as_string().c_str(), Catch::Contains("went away"));
    const boost::json::value status = client.run("query-status");
    CHECK(status.at("status") == "io-error");
    CHECK_THAT(status.at("ntferry-reason").as_string().c_str(),
               Catch::Contains("ide0-hd0") && Catch::Contains("goes on once it is cured"));
    CHECK(client.run("query-block").at(0).at("io-status") == "failed");
    server.start();
    REQUIRE(client.wait_for("RESUME", std::chrono::seconds(30)));
    CHECK(machine.shows("ab"));
    CHECK(client.run("query-status").at("status") == "running");
    CHECK(client.run("query-block").at(0).at("io-status") == "ok");
    CHECK(letter_in(machine, "disk.img") == 'b');
    // Who stops the machine while it waits decides when it goes on.
    server.die();
    REQUIRE(machine.ntferry("type box c").exit_code == 0);
    REQUIRE(client.wait_for("BLOCK_IO_ERROR", std::chrono::seconds(30)));
    client.run("stop");
    server.start();
    for (int n = 0; n < 100 && letter_in(machine, "disk.img") != 'c'; ++n)
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
    CHECK(letter_in(machine, "disk.img") == 'c');
    CHECK(client.run("query-status").at("status") == "paused");
    client.run("cont");
    CHECK(machine.shows("abc"));
}

TEST_CASE("a tap device that vanishes takes the link and is said, and used again when it comes back") {
    if (!test::can_run() || !test::have_program("ip"))
        NTFERRY_SKIP("no /dev/kvm, no SeaBIOS or no ip");
    const std::string make = "ip tuntap add dev ntftest1 mode tap && ip link set ntftest1 up";
    if (test::run_shell(make).exit_code != 0)
        NTFERRY_SKIP("no permission to make a tap device");
    // Who has no right to the device cannot take it again: see --run-as.
    RunningMachine machine({}, "--sandbox off --nic bridge,tap=ntftest1");
    INFO(machine.file("err"));
    launch::ControlClient client(machine.path("ntferry/box.sock"));
    REQUIRE(test::run_shell("ip link del ntftest1").exit_code == 0);
    const auto down = client.wait_for("NTFERRY_NETWORK", std::chrono::seconds(10));
    REQUIRE(down);
    CHECK(down->at("network") == 0);
    CHECK(down->at("link") == "down");
    CHECK_THAT(down->at("reason").as_string().c_str(), Catch::Contains("ntftest1: the network is gone"));
    const boost::json::value status = client.run("query-status");
    CHECK(status.at("status") == "running");
    CHECK_THAT(status.at("ntferry-reason").as_string().c_str(), Catch::Contains("ntftest1"));
    REQUIRE(test::run_shell(make).exit_code == 0);
    const auto up = client.wait_for("NTFERRY_NETWORK", std::chrono::seconds(10));
    test::run_shell("ip link del ntftest1");
    REQUIRE(up);
    CHECK(up->at("link") == "up");
}
