// Programs of guests in these tests: boot sectors that use SeaBIOS's services.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <fmt/format.h>

#include <string>

namespace ntferry::test {

/// Prints what is typed, for ever: INT 16h, INT 10h.
inline constexpr const char* ECHO_KEYS =
    "again: sti\n xor ax,ax\n int 16h\n mov ah,0eh\n mov bx,7\n int 10h\n jmp again";

/// What "call disk" moves; the program may change it at dap (Enhanced Disk Drive specification, "device
/// address packet").
struct DiskTransfer {
    unsigned sectors = 1;
    unsigned segment = 0;
    unsigned offset = 0x8000;
    unsigned first = 100; ///< sector of the disk
};

/// A boot sector's code (nasm) that uses the first disk. It begins at body, with DS and ES 0. Its routines:
/// "call disk" with AH 42h (read) or 43h (write), carry set when that failed; "jmp finish" with AL n ends the
/// machine with exit code 2n + 1 (--debug-exit 0x501); "call show" prints AL.
inline std::string disk_program(const std::string& body, const DiskTransfer& transfer = {}) {
    return fmt::format(R"(
 xor ax,ax
 mov ds,ax
 mov es,ax
{}
disk: xor al,al
 mov dl,80h
 mov si,dap
 int 13h
 ret
show: mov ah,0eh
 mov bx,7
 int 10h
 ret
finish: mov dx,501h
 out dx,al
 hlt
dap: db 16,0,{},0
 dw {},{}
 dq {}
)",
                       body, transfer.sectors, transfer.offset, transfer.segment, transfer.first);
}

} // namespace ntferry::test
