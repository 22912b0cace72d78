// A disk without room pauses the machine; with room again it goes on and has lost nothing.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/launch/control_client.hpp"
#include "tests/host/control/running_machine.hpp"
#include "tests/support/skip.hpp"

#include <filesystem>

using namespace ntferry;
using test::RunningMachine;

namespace {

/// Writes its own sector into 40 runs of 64 sectors by INT 13h AH=43h, reads the last one back, and ends with
/// 43 when all of that went well, 45 when not.
constexpr const char* WRITER = R"(
 xor ax,ax
 mov ds,ax
 mov es,ax
next: mov ax,4300h
 mov dl,80h
 mov si,dap
 int 13h
 jc bad
 add dword [dap+8],64
 cmp dword [dap+8],64*40
 jb next
 mov al,21
 jmp done
bad: mov al,22
done: mov dx,501h
 out dx,al
 hlt
dap: db 16,0,64,0
 dw 7c00h,0
 dq 64
)";

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
