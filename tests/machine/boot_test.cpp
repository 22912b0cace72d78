// SeaBIOS boots what a machine of ours offers it: needs a /dev/kvm, but none that pages.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/kvm/kvm_system.hpp"

#include "tests/machine/run.hpp"
#include "tests/support/run.hpp"
#include "tests/support/skip.hpp"
#include "tests/support/temp_dir.hpp"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <thread>

using namespace ntferry;
using namespace ntferry::vmm;

namespace {

std::string missing() {
    if (kvm::probe_host().kind == kvm::HostKind::none)
        return "this host offers no KVM";
    if (!test::have_program("nasm"))
        return "nasm is not installed";
    return {};
}

} // namespace

TEST_CASE("SeaBIOS boots a disk and a CD") {
    if (const std::string reason = missing(); !reason.empty())
        NTFERRY_SKIP(reason);
    test::TempDir dir;
    assemble_boot_sector(dir / "disk.img", ending_with(11));
    Run disk;
    disk.description.disks.push_back({dir / "disk.img", 0, std::nullopt, false});
    CHECK(disk() == 23);
    if (!test::have_program("xorriso"))
        NTFERRY_SKIP("xorriso is not installed");
    assemble_boot_sector(dir / "cd.bin", ending_with(13), 2048);
    REQUIRE(test::run_shell("mkdir " + (dir / "cd") + " && cp " + (dir / "cd.bin") + " " + (dir / "cd") +
                            " && xorriso -as mkisofs -quiet -o " + (dir / "cd.iso") +
                            " -b cd.bin -no-emul-boot -boot-load-size 4 " + (dir / "cd") + " 2>/dev/null")
                .exit_code == 0);
    Run cd;
    cd.description.cdrom = dir / "cd.iso";
    cd.description.boot = "cdrom";
    CHECK(cd() == 27);
}

// SeaBIOS takes the floppy controller's interrupt in a window of three instructions of real mode, which a KVM
// that emulates real mode may step over until SeaBIOS gives up (5 s).
TEST_CASE("SeaBIOS boots a floppy", "[loader]") {
    if (const std::string reason = missing(); !reason.empty())
        NTFERRY_SKIP(reason);
    if (const kvm::HostReport host = kvm::probe_host(); host.kind != kvm::HostKind::full)
        NTFERRY_SKIP(host.sentence + " Floppy interrupts get lost in its real mode; this runs in the rig");
    test::TempDir dir;
    assemble_boot_sector(dir / "floppy.img", ending_with(12), 1474560);
    Run floppy;
    floppy.description.floppy = dir / "floppy.img";
    floppy.description.boot = "floppy";
    CHECK(floppy() == 25);
}

TEST_CASE("without a bootable device the screen says so, read back from video memory") {
    if (const std::string reason = missing(); !reason.empty())
        NTFERRY_SKIP(reason);
    Run run;
    const auto machine = run.machine();
    machine->start();
    std::string screen;
    for (int i = 0; i < 1200 && screen.find("No bootable device") == std::string::npos; ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        machine->locked([&] {
            if (const auto text = machine->display()->text())
                screen = text->utf8();
        });
    }
    INFO(screen);
    CHECK(screen.find("SeaBIOS") != std::string::npos);
    CHECK(screen.find("No bootable device") != std::string::npos);
    machine->stop();
    CHECK(machine->wait() == 0);
}

TEST_CASE("text that a boot sector writes all over the screen is there, almost without exits") {
    if (const std::string reason = missing(); !reason.empty())
        NTFERRY_SKIP(reason);
    test::TempDir dir;
    // 200 screens, each of another character; then one cell through the BIOS, which reads the screen too.
    assemble_boot_sector(
        dir / "disk.img",
        " mov ax,3\n int 10h\n mov ax,0b800h\n mov es,ax\n mov bp,200\n"
        "again: xor di,di\n mov cx,2000\n mov ax,1e00h + 64\n and bp,bp\n mov bx,bp\n and bx,15\n"
        " add ax,bx\n cld\n rep stosw\n dec bp\n jnz again\n mov ax,0e00h + '!'\n mov bx,0\n int 10h\n"
        " cli\n hlt");
    Run run;
    run.description.disks.push_back({dir / "disk.img", 0, std::nullopt, false});
    const auto machine = run.machine();
    machine->start();
    std::vector<std::uint16_t> cells;
    for (int i = 0; i < 1200 && (cells.empty() || cells[0] != 0x1E00 + '!'); ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
        machine->locked([&] {
            if (const auto text = machine->display()->text())
                cells = text->cells;
        });
    }
    REQUIRE(cells.size() == 2000);
    CHECK(cells[0] == 0x1E00 + '!');
    CHECK(std::count(cells.begin() + 1, cells.end(), 0x1E00 + 'A') == 1999);
    // 400000 words; collected ones would make an exit of every 169.
    CHECK(machine->exits() < 2000);
    machine->stop();
    CHECK(machine->wait() == 0);
}

TEST_CASE("an interrupt that comes due at an instruction that faults is taken after the fault, not lost") {
    if (const std::string reason = missing(); !reason.empty())
        NTFERRY_SKIP(reason);
    test::TempDir dir;
    // RDMSR of a register that no processor has, in a loop, until 500 ticks at 1 kHz were counted: most of
    // them come due while KVM waits to be told that the RDMSR is to raise #GP. A lost one leaves the PIC
    // waiting for its EOI for ever.
    assemble_boot_sector(
        dir / "disk.img",
        " cli\n xor ax,ax\n mov ds,ax\n mov word [8*4],tick\n mov [8*4+2],ax\n"
        " mov word [13*4],fault\n mov [13*4+2],ax\n mov [ticks],ax\n mov al,34h\n out 43h,al\n mov "
        "al,0a9h\n"
        " out 40h,al\n mov al,4\n out 40h,al\n mov al,0feh\n out 21h,al\n sti\n"
        "again: mov ecx,0c0f0f0f0h\n rdmsr\n cmp word [ticks],500\n jb again\n"
        " mov dx,501h\n mov al,31\n out dx,al\n hlt\n"
        "tick: push ax\n inc word [ticks]\n mov al,20h\n out 20h,al\n pop ax\n iret\n"
        "fault: push bp\n mov bp,sp\n add word [bp+2],2\n pop bp\n iret\n"
        "ticks equ 0600h");
    Run run;
    run.description.disks.push_back({dir / "disk.img", 0, std::nullopt, false});
    const auto machine = run.machine();
    machine->start();
    CHECK(wait_at_most(*machine, std::chrono::seconds(60)) == 63);
}

TEST_CASE("an interrupt that waits for another one's end comes although the guest does nothing but compute") {
    if (const std::string reason = missing(); !reason.empty())
        NTFERRY_SKIP(reason);
    test::TempDir dir;
    // One tick of the timer, and no other. Its handler makes COM1 ask for IRQ 4 (transmitter empty), gives
    // the EOI, and the guest goes round a loop without touching a device again.
    assemble_boot_sector(dir / "disk.img",
                         " cli\n xor ax,ax\n mov ds,ax\n mov word [8*4],tick\n mov [8*4+2],ax\n"
                         " mov word [12*4],line\n mov [12*4+2],ax\n mov dx,3fch\n mov al,8\n out dx,al\n"
                         " mov al,0feh - 10h\n out 21h,al\n mov al,30h\n out 43h,al\n mov al,0\n out 40h,al\n"
                         " mov al,10h\n out 40h,al\n sti\n jmp $\n"
                         "tick: mov dx,3f9h\n mov al,2\n out dx,al\n mov al,20h\n out 20h,al\n iret\n"
                         "line: mov dx,501h\n mov al,31\n out dx,al\n hlt");
    Run run;
    run.description.disks.push_back({dir / "disk.img", 0, std::nullopt, false});
    CHECK(run() == 63);
}

TEST_CASE("a ROM of one's own runs, and a paused machine goes on from its saved state") {
    if (const std::string reason = missing(); !reason.empty())
        NTFERRY_SKIP(reason);
    test::TempDir dir;
    // Counts in memory and ends with exit code 43 when it gets there.
    assemble(dir / "rom.bin",
             "bits 16\norg 0\nstart: xor ax,ax\n mov ds,ax\nagain: inc dword [600h]\n"
             " cmp dword [600h],400000\n jne again\n mov dx,501h\n mov al,21\n out dx,al\n hlt\n"
             "times 0fff0h-($-$$) db 0\n jmp 0f000h:start\ntimes 10000h-($-$$) db 0\n");
    Run run;
    run.options.firmware = dir / "rom.bin";
    Bytes state;
    {
        const auto machine = run.machine();
        machine->start();
        std::this_thread::sleep_for(std::chrono::milliseconds(200));
        CHECK_THROWS_WITH(machine->save(), Catch::Contains("only a paused machine"));
        machine->pause();
        CHECK(machine->state() == MachineState::paused);
        state = machine->save();
    }
    Run again;
    again.options.firmware = dir / "rom.bin";
    const auto machine = again.machine();
    Bytes broken = state;
    broken.resize(broken.size() / 2);
    CHECK_THROWS_AS(machine->load(broken), Error);
    machine->load(state);
    // The state is taken over as a whole: only the time stamp counter has moved on since.
    CHECK(machine->save().size() == state.size());
    machine->start();
    CHECK(machine->wait() == 43);
}

TEST_CASE("a machine outside its profile's limits is refused") {
    if (const std::string reason = missing(); !reason.empty())
        NTFERRY_SKIP(reason);
    Run run;
    run.description.cpus = 2;
    CHECK_THROWS_WITH(run.machine(), "cpus: 2; profile nt4 takes 1 to 1");
    Run small;
    small.description.memory = 1U << 20U;
    CHECK_THROWS_WITH(small.machine(), Catch::Contains("profile nt4 takes 16 to"));
}
