// Level-triggered interrupts of the I/O APIC, ended at the local APIC in the kernel.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/machine/run.hpp"
#include "tests/support/run.hpp"
#include "tests/support/skip.hpp"
#include "tests/support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <unistd.h>

using namespace ntferry;
using namespace ntferry::vmm;

namespace {

/// The timer's input (INTIN2) as a level interrupt. Its handler masks the input before it ends the interrupt,
/// as a driver does that gives its interrupt up while one is in service: Remote IRR (82093AA, 3.2.4) must be
/// clear afterwards. Ends with 43, or 45 where it is not.
constexpr const char* masks_in_service = R"(
%define IOREGSEL 0FEC00000h
%define IOWIN    0FEC00010h
%define EOI      0FEE000B0h
%define SPURIOUS 0FEE000F0h
 cli
 xor ax,ax
 mov ds,ax
 lgdt [table]
 mov eax,cr0
 or al,1
 mov cr0,eax
 jmp short protected
protected: mov bx,8
 mov fs,bx
 and al,0FEh
 mov cr0,eax
 jmp short real
real: mov word [60h*4],in_service
 mov word [60h*4+2],0
 mov al,0FFh
 out 21h,al
 out 0A1h,al
 mov dword [fs:dword SPURIOUS],1FFh
 mov dword [fs:dword IOREGSEL],15h
 mov dword [fs:dword IOWIN],0
 mov dword [fs:dword IOREGSEL],14h
 mov dword [fs:dword IOWIN],8060h
rest: sti
 hlt
 jmp rest
in_service:
 mov dword [fs:dword IOWIN],18060h
 mov dword [fs:dword EOI],0
 mov eax,[fs:dword IOWIN]
 test ah,40h
 mov al,21
 jz told
 inc al
told: mov dx,501h
 out dx,al
 hlt
table: dw 15
 dd null
null: dq 0
 dq 008F93000000FFFFh ; data, 4 GiB
)";

} // namespace

TEST_CASE("an interrupt whose input is masked while it is in service still ends", "[interrupts]") {
    if (::access("/dev/kvm", R_OK | W_OK) != 0 || ::access("/usr/share/seabios/bios-256k.bin", R_OK) != 0 ||
        !test::have_program("nasm"))
        NTFERRY_SKIP("no /dev/kvm, no SeaBIOS or no nasm");
    const test::TempDir folder;
    assemble_boot_sector(folder / "disk.img", masks_in_service, 64U << 10U);
    Run run;
    run.description.profile = "nt4-mps";
    run.description.disks.push_back({folder / "disk.img", 0, std::nullopt, false});
    const auto machine = run.machine();
    machine->start();
    CHECK(wait_at_most(*machine, std::chrono::seconds(60)) == 43);
}
