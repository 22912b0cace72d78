// String instructions on video memory: carried out at once they do what KVM does element by element.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/kvm/kvm_system.hpp"

#include "tests/machine/run.hpp"
#include "tests/support/run.hpp"
#include "tests/support/skip.hpp"
#include "tests/support/temp_dir.hpp"

#include <fstream>

using namespace ntferry;
using namespace ntferry::vmm;

namespace {

/// A ROM that draws with string instructions in every write mode, forward and backward, by bytes, words and
/// double words, from RAM, from itself and from the screen to the screen, while a timer ticks; one runs into
/// the end of its segment. After each it writes CX, SI and DI into video memory, too, so that the adapter's
/// state at the end holds all that could differ.
constexpr const char* DRAWING = R"(
bits 16
org 0
cpu 586
%define HIGH 0x5678 ; halves of registers that 16-bit addresses leave alone
%macro gfx 2
    mov dx, 0x3CE
    mov ax, %1 | (%2) << 8
    out dx, ax
%endmacro
%macro seq 2
    mov dx, 0x3C4
    mov ax, %1 | (%2) << 8
    out dx, ax
%endmacro
; case MODE, LOGIC_ROTATE, BIT_MASK, MAP_MASK, SI, DI, CX, instruction...
%macro case 8+
    gfx 5, %1
    gfx 3, %2
    gfx 8, %3
    seq 2, %4
    mov esi, (HIGH << 16) | (%5)
    mov edi, (HIGH << 16) | (%6)
    mov ecx, (HIGH << 16) | (%7)
    mov eax, 0xA5C3960F
    %8
    call log
%endmacro
%macro modes 3+ ; CX, DI, instruction
    case 0, 0, 0xFF, 0x0F, 0x1000, %2, %1, %3
    case 0, 0x0B, 0x3C, 0x05, 0x1003, %2 + 0x40, %1, %3
    case 0, 0x15, 0xF0, 0x0E, 0x1001, %2 + 0x80, %1, %3
    case 0, 0x1A, 0xFF, 0x0F, 0x1002, %2 + 0xC0, %1, %3
    case 1, 0, 0xFF, 0x0F, 0x1000, %2 + 0x100, %1, %3
    case 2, 0, 0x5A, 0x0F, 0x1000, %2 + 0x140, %1, %3
    case 3, 3, 0x99, 0x0B, 0x1000, %2 + 0x180, %1, %3
%endmacro

start:
    cli
    xor ax, ax
    mov ds, ax
    mov ss, ax
    mov sp, 0x7000
    mov word [8 * 4], tick
    mov word [8 * 4 + 2], cs
    mov word [13 * 4], fault
    mov word [13 * 4 + 2], cs
    ; both interrupt controllers, then the timer at 1 kHz
    mov al, 0x11
    out 0x20, al
    mov al, 8
    out 0x21, al
    mov al, 4
    out 0x21, al
    mov al, 1
    out 0x21, al
    mov al, 0xFE
    out 0x21, al
    mov al, 0x34
    out 0x43, al
    mov al, 0xA9
    out 0x40, al
    mov al, 4
    out 0x40, al
    sti
    cld
    ; 4 KiB of pattern at 2000:1000
    mov ax, 0x2000
    mov ds, ax
    mov di, 0x1000
    mov eax, 12345
.pattern:
    imul eax, eax, 1103515245
    add eax, 12345
    mov ecx, eax
    shr ecx, 16
    mov [di], cx
    add di, 2
    cmp di, 0x2100
    jb .pattern
    mov ax, 0xA000
    mov es, ax
    mov fs, ax
    mov dx, 0x3C2
    mov al, 0xE3
    out dx, al
    seq 4, 6
    gfx 6, 5
    gfx 0, 0x0A
    gfx 1, 0x03
    mov word [ss:0x600], 0xE000

    modes 700, 0x0000, rep stosb
    modes 400, 0x1001, rep stosw
    modes 300, 0x2002, rep stosd
    modes 700, 0x3000, rep movsb
    modes 400, 0x4000, rep movsw
    modes 300, 0x5003, rep movsd
    modes 300, 0x6000, cs rep movsb
%define HIGH 0
    modes 300, 0x7000, a32 rep stosb
%define HIGH 0x5678
    std
    modes 700, 0x8400, rep stosb
    modes 400, 0x9401, rep stosw
    mov bx, ds
    mov ax, es
    mov ds, ax
    modes 300, 0xA403, rep movsd
    case 1, 0, 0xFF, 0x0F, 0x57FF, 0x597F, 2000, rep movsb
    cld
    case 1, 0, 0xFF, 0x0F, 80, 0, 8000, rep movsb ; a screen scrolled up, by latches
    case 0, 0, 0xFF, 0x0F, 0x2000, 0x2001, 900, rep movsb ; overlapping, by data
    case 0, 0, 0xFF, 0x0F, 0x1FFF, 0x3001, 901, rep movsw
    gfx 4, 2
    case 0, 0x10, 0xFF, 0x0F, 0x2001, 0x7300, 500, fs rep movsd
    mov ds, bx
    case 0, 0, 0xFF, 0x0F, 0, 0xB000, 40000, rep stosb ; round the end of the segment, over the log
    case 0, 0, 0xFF, 0x0F, 0, 0, 7, rep stosw
    mov word [ss:0x600], 0xE000
    mov word [ss:0x602], after
    case 0, 0, 0xFF, 0x0F, 0, 0xD001, 0x5000, rep stosw ; a word at FFFF
after:
    call log
    mov al, 21
    cmp word [ss:0x604], 1
    je .faulted
    mov al, 22
.faulted:
    cmp word [ss:0x606], 0
    jne .ticked
    mov al, 23
.ticked:
    cmp al, 21
    je protected
    mov dx, 0x501
    out dx, al
    hlt

; The same in 32-bit protected mode, where a segment of its own ends in the middle of the screen.
protected:
    cli
    o32 lgdt [cs:gdt_pointer]
    o32 lidt [cs:idt_pointer]
    mov eax, cr0
    or al, 1
    mov cr0, eax
    jmp dword 8:0xF0000 + flat
bits 32
%macro case32 5+ ; MODE, ESI, EDI, ECX, instruction
    gfx 5, %1
    mov esi, %2
    mov edi, %3
    mov ecx, %4
    mov eax, 0xA5C3960F
    mov dword [0x608], 0xF0000 + %%next
    %5
%%next:
    mov ebx, ecx
    call 8:0xF0000 + log32
%endmacro
flat:
    mov ax, 16
    mov ds, ax
    mov es, ax
    mov fs, ax
    mov ss, ax
    mov esp, 0x7000
    case32 0, 0x21000, 0xA0103, 700, rep stosd
    case32 2, 0x21000, 0xA1234, 900, rep stosw
    case32 1, 0xA0103, 0xA4000, 900, rep movsb
    case32 0, 0x21000, 0xA3000, 800, rep movsd
    std
    case32 1, 0xA5000, 0xA5A00, 5000, rep movsb
    cld
    mov ax, 24
    mov es, ax
    case32 3, 0x21000, 0xA8000, 9000, rep movsb ; faults at A9000
    case32 0, 0x21000, 0xA8001, 9000, rep stosd ; and inside its last element
    mov al, 21
    cmp word [0x604], 3
    je .faulted
    mov al, 24
.faulted:
    mov dx, 0x501
    out dx, al
    hlt
log32:
    gfx 5, 0
    mov ebp, [0x600]
    and ebp, 0xFFFF
    mov [0xA0000 + ebp], ebx
    mov [0xA0004 + ebp], esi
    mov [0xA0008 + ebp], edi
    add word [0x600], 12
    retf
fault32:
    inc word [0x604]
    add esp, 16
    jmp [0x608]
align 8
gdt:
    dq 0, 0x00CF9B000000FFFF, 0x00CF93000000FFFF
    dq 0x004A930000008FFF ; data, limit A8FFFh in bytes
gdt_pointer:
    dw $ - gdt - 1
    dd 0xF0000 + gdt
    dw 0
idt:
    times 13 dq 0
    dw fault32, 8, 0x8E00, 0xF
idt_pointer:
    dw $ - idt - 1
    dd 0xF0000 + idt
bits 16

log: ; ECX, ESI, EDI in all planes
    push eax
    push edx
    gfx 5, 0
    gfx 3, 0
    gfx 8, 0xFF
    seq 2, 15
    gfx 1, 0
    mov bp, [ss:0x600]
    mov [fs:bp], ecx
    mov [fs:bp + 4], esi
    mov [fs:bp + 8], edi
    add word [ss:0x600], 12
    gfx 1, 3
    pop edx
    pop eax
    ret
tick:
    push ax
    inc word [ss:0x606]
    mov al, 0x20
    out 0x20, al
    pop ax
    iret
fault: ; general protection, from the one place that expects it
    inc word [ss:0x604]
    add sp, 6
    sti
    jmp [ss:0x602]

times 0xFFF0 - ($ - $$) db 0
    jmp 0xF000:start
times 0x10000 - ($ - $$) db 0
)";

struct Drawn {
    Bytes adapter; ///< its whole state: planes, latches, registers
    std::uint64_t batched = 0;
    std::uint64_t exits = 0;
};

Drawn draw(const std::string& rom, const std::string& profile, bool batch) {
    Run run;
    run.description.profile = profile;
    run.description.cpus = profile == "nt4-mps" ? 2 : 1;
    run.options.firmware = rom;
    run.options.batch_strings = batch;
    const auto machine = run.machine();
    machine->start();
    REQUIRE(wait_at_most(*machine, std::chrono::seconds(60)) == 43);
    Drawn drawn;
    drawn.batched = machine->batched();
    drawn.exits = machine->exits();
    machine->locked([&] {
        for (const Device* device : machine->devices())
            if (device->name() == "vga") {
                StateWriter writer;
                device->save(writer);
                drawn.adapter.assign(writer.bytes().begin(), writer.bytes().end());
            }
    });
    return drawn;
}

} // namespace

TEST_CASE("string instructions draw the same at once and element by element") {
    if (kvm::probe_host().kind == kvm::HostKind::none)
        NTFERRY_SKIP("this host offers no KVM");
    if (!test::have_program("nasm"))
        NTFERRY_SKIP("nasm is not installed");
    test::TempDir dir;
    assemble(dir / "rom.bin", DRAWING);
    // Without and with local APICs in the kernel, where interrupts take another way.
    const std::string profile = GENERATE("nt4", "nt4-mps");
    const Drawn slow = draw(dir / "rom.bin", profile, false);
    const Drawn fast = draw(dir / "rom.bin", profile, true);
    INFO(profile);
    REQUIRE(slow.adapter.size() > 4 * 65536);
    CHECK(slow.batched == 0);
    CHECK(fast.batched > 40'000);
    CHECK(fast.exits * 10 < slow.exits);
    CHECK((fast.adapter == slow.adapter));
}
