// A machine saved into a file goes on from there, and from nothing that does not fit.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/launch/control_client.hpp"
#include "tests/host/control/guest_code.hpp"
#include "tests/host/control/running_machine.hpp"
#include "tests/support/skip.hpp"

#include <filesystem>

using namespace ntferry;
using test::ECHO_KEYS;
using test::RunningMachine;

TEST_CASE("a saved machine goes on where it was, after every refusal of what does not fit") {
    if (!test::can_run() || !test::have_program("nasm"))
        NTFERRY_SKIP("no /dev/kvm, no SeaBIOS or no nasm");
    RunningMachine machine;
    machine.make_disk("disk.img", ECHO_KEYS, 1024);
    machine.start("--disk disk.img --state states");
    REQUIRE(machine.shows("Booting from Hard Disk"));
    REQUIRE(machine.ntferry("type box 'typed before'").exit_code == 0);
    REQUIRE(machine.shows("typed before"));
    const auto saved = machine.ntferry("save box");
    CHECK(saved.exit_code == 0);
    CHECK(saved.out.find("states/saved.state") != std::string::npos);
    CHECK(machine.wait() == 0);
    CHECK(machine.file("err").find("saved; --resume-state") != std::string::npos);
    const auto refused = [&](const std::string& options, const std::string& why) {
        machine.start("--disk disk.img --state states --resume-state states/saved.state " + options);
        CHECK(machine.wait() == 1);
        CHECK_THAT(machine.file("err"), Catch::Contains(why));
    };
    refused("--cpus 2 --profile nt4-mps", "the state is of a machine with profile nt4");
    machine.start("--disk disk.img --state states --cdrom disk.img --resume-state states/saved.state");
    CHECK(machine.wait() == 1);
    CHECK_THAT(machine.file("err"), Catch::Contains("was saved without an image in drive ide1-cd0"));
    test::run_shell("cp " + machine.path("states/saved.state") + " " + machine.path("good"));
    test::run_shell("printf x | dd conv=notrunc bs=1 seek=3000 of=" + machine.path("states/saved.state") +
                    " 2>&1");
    refused("", "is damaged: its checksum is another");
    test::run_shell("cp " + machine.path("good") + " " + machine.path("states/saved.state"));

    machine.start("--disk disk.img --state states --resume-state states/saved.state");
    CHECK(machine.shows("typed before"));
    REQUIRE(machine.ntferry("type box ', typed after'").exit_code == 0);
    CHECK(machine.shows("typed before, typed after"));
    CHECK(machine.ntferry("stop box --force").exit_code == 0);
    CHECK(machine.gone());

    test::run_shell("sleep 0.02; touch " + machine.path("disk.img"));
    refused("", "disk.img (ide0-hd0) is not as it was when the machine was saved");
}

TEST_CASE("a machine is saved into a file that it cannot see, and goes on when that fails") {
    if (!test::can_run() || !test::have_program("nasm"))
        NTFERRY_SKIP("no /dev/kvm, no SeaBIOS or no nasm");
    RunningMachine machine;
    machine.make_disk("disk.img", ECHO_KEYS, 1024);
    machine.start("--disk disk.img");
    REQUIRE(machine.shows("Booting from Hard Disk"));
    const auto nowhere = machine.ntferry("save box");
    CHECK(nowhere.exit_code == 1);
    CHECK_THAT(nowhere.err, Catch::Contains("no state folder"));
    CHECK(machine.ntferry("save box " + machine.folder().string()).exit_code == 2); // no file
    CHECK(machine.ntferry("ps").out.find("running") != std::string::npos);
    REQUIRE(machine.ntferry("save box " + machine.path("elsewhere.state")).exit_code == 0);
    CHECK(machine.wait() == 0);
    machine.start("--disk disk.img --resume-state elsewhere.state");
    CHECK(machine.shows("Booting from Hard Disk"));
}

namespace {

/// Writes one letter into sector 100 when a key is pressed, and shows what is there before.
const std::string NOTEPAD = test::disk_program(R"(
 mov ah,42h
 call note
again: sti
 xor ax,ax
 int 16h
 mov [8000h],al
 mov ah,43h
 call note
 jmp again
note: call disk
 jnc fine
 mov byte [8000h],'!'
fine: mov al,'['
 call show
 mov al,[8000h]
 call show
 mov al,']'
 jmp show
)");

/// A machine whose VHD remembers the letter that was typed last; it begins with ".".
struct Notepad {
    Notepad() {
        machine.make_disk("disk.img", NOTEPAD, 1024);
        REQUIRE(test::run_shell("printf . | dd conv=notrunc bs=1 seek=51200 of=" + machine.path("disk.img") +
                                " 2>&1")
                    .exit_code == 0);
        REQUIRE(machine.ntferry("image convert " + machine.path("disk.img") + " " + machine.path("disk.vhd"))
                    .exit_code == 0);
    }
    void start(const std::string& options = {}) {
        machine.start("--disk disk.vhd --state states " + options);
    }
    void stop() {
        REQUIRE(machine.ntferry("stop box --force").exit_code == 0);
        REQUIRE(machine.wait() == 0);
    }
    void type(char letter) {
        REQUIRE(machine.ntferry(fmt::format("type box {}", letter)).exit_code == 0);
        REQUIRE(machine.shows(fmt::format("[{}]", letter)));
    }
    bool remembers(char letter) { return machine.shows(fmt::format("[{}]", letter)); }
    std::size_t layers() const {
        std::size_t count = 0;
        for (const auto& entry : std::filesystem::directory_iterator(machine.path("states")))
            count += entry.path().extension() == ".vhd" ? 1 : 0;
        return count;
    }
    RunningMachine machine;
};

} // namespace

TEST_CASE("snapshots are made while the machine runs, gone back to, and merged when they are given up") {
    if (!test::can_run() || !test::have_program("nasm"))
        NTFERRY_SKIP("no /dev/kvm, no SeaBIOS or no nasm");
    Notepad box;
    box.start();
    REQUIRE(box.remembers('.'));
    box.type('a');
    REQUIRE(box.machine.ntferry("snapshot create box first").exit_code == 0);
    box.type('b'); // it goes on where it was
    REQUIRE(box.machine.ntferry("snapshot create box second").exit_code == 0);
    box.type('c');
    const auto list = box.machine.ntferry("snapshot list box").out;
    CHECK_THAT(list,
               Catch::Contains("  first") && Catch::Contains("* second") && Catch::Contains("after first"));
    CHECK(box.machine.ntferry("snapshot create box second").exit_code == 1);
    CHECK(box.machine.ntferry("snapshot create box ../evil").exit_code == 1);
    CHECK(box.machine.ntferry("snapshot revert box third").exit_code == 1);
    REQUIRE(box.machine.ntferry("snapshot revert box first").exit_code == 0);
    CHECK(box.remembers('a'));
    box.type('d');
    box.stop();
    box.start(); // layers.json, not the description, says where the disk goes on
    CHECK(box.remembers('d'));
    CHECK(box.layers() == 2);
    REQUIRE(box.machine.ntferry("snapshot delete box second").exit_code == 0);
    REQUIRE(box.machine.ntferry("snapshot delete box first").exit_code == 0);
    CHECK(box.machine.ntferry("snapshot list box").out.empty());
    box.stop();
    box.start();
    CHECK(box.remembers('d'));
    CHECK(box.layers() == 0);
    box.stop();
    CHECK(box.machine.ntferry("image check " + box.machine.path("disk.vhd")).exit_code == 0);
}

TEST_CASE("QEMU's blockdev-snapshot-sync freezes the disks and goes on in the file that it names") {
    if (!test::can_run() || !test::have_program("nasm"))
        NTFERRY_SKIP("no /dev/kvm, no SeaBIOS or no nasm");
    Notepad box;
    box.start();
    REQUIRE(box.remembers('.'));
    box.type('a');
    launch::ControlClient client(box.machine.path("ntferry/box.sock"));
    const auto refused = [&](const boost::json::object& arguments, const char* why) {
        CHECK_THROWS_WITH(client.run("blockdev-snapshot-sync", arguments), Catch::Contains(why));
    };
    refused({{"device", "ide0-hd0"}, {"snapshot-file", "/tmp/evening.vhd"}}, "is not in the state folder");
    refused({{"device", "ide0-hd0"}, {"snapshot-file", "evening.qcow2"}}, "a layer is a VHD");
    refused({{"device", "ide0-hd0"}, {"snapshot-file", "evening.vhd"}, {"format", "qcow2"}},
            "layers are 'vpc'");
    refused({{"device", "ide0-hd7"}, {"snapshot-file", "evening.vhd"}}, "not found");
    refused({{"device", "ide1-cd0"}, {"snapshot-file", "evening.vhd"}}, "no hard disk");
    refused({{"snapshot-file", "evening.vhd"}}, "is needed");
    const std::string file = box.machine.path("states/evening.vhd");
    client.run("blockdev-snapshot-sync", {{"node-name", "ide0-hd0-medium"}, {"snapshot-file", file}});
    CHECK(client.run("query-block").at(0).at("inserted").at("file").as_string().c_str() == file);
    refused({{"device", "ide0-hd0"}, {"snapshot-file", "evening.vhd"}}, "snapshot of this name");
    box.type('b');
    CHECK_THAT(box.machine.ntferry("snapshot list box").out, Catch::Contains("* evening"));
    REQUIRE(box.machine.ntferry("snapshot revert box evening").exit_code == 0);
    CHECK(box.remembers('a'));
}

TEST_CASE("undo disks are kept, committed or discarded at the end") {
    if (!test::can_run() || !test::have_program("nasm"))
        NTFERRY_SKIP("no /dev/kvm, no SeaBIOS or no nasm");
    Notepad box;
    const std::string before = box.machine.file("disk.vhd");
    const auto run = [&](const std::string& undo, char expected, char typed) {
        box.start("--undo " + undo);
        CHECK(box.remembers(expected));
        box.type(typed);
        box.stop();
    };
    run("discard", '.', 'a');
    CHECK(box.layers() == 0);
    run("keep", '.', 'b');
    CHECK(box.machine.file("disk.vhd") == before);
    CHECK(box.layers() == 1);
    run("keep", 'b', 'c');
    run("commit", 'c', 'd');
    CHECK(box.layers() == 0);
    CHECK(box.machine.file("disk.vhd") != before);
    box.start();
    CHECK(box.remembers('d'));
    CHECK(box.machine.ntferry("snapshot create box now").exit_code == 0);
    box.stop();
}

TEST_CASE("a raw disk takes no snapshot, and the machine goes on") {
    if (!test::can_run() || !test::have_program("nasm"))
        NTFERRY_SKIP("no /dev/kvm, no SeaBIOS or no nasm");
    RunningMachine machine;
    machine.make_disk("disk.img", ECHO_KEYS, 1024);
    machine.start("--disk disk.img --state states");
    const auto refused = machine.ntferry("snapshot create box now");
    CHECK(refused.exit_code == 1);
    CHECK_THAT(refused.err, Catch::Contains("snapshots and undo disks need a VHD"));
    CHECK(machine.ntferry("ps").out.find("running") != std::string::npos);
}
