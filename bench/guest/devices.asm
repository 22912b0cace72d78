; Boot disk that measures a PC's devices with the time stamp counter: real mode, so that every kind of KVM runs it.
; SPDX-License-Identifier: GPL-3.0-or-later
;
; bench/machine writes a plan into it (PLAN below: pairs of a test's letter and a count) and reads lines from COM1:
; "LETTER COUNT CYCLES", hexadecimal. The disk is 64 MiB; sectors from 4096 on are read, from 65536 on written.
; ANSI NCITS 317-1998 (ATA/ATAPI-4); SFF-8038i (bus master IDE); Intel 8254; Motorola MC146818A; IBM VGA.
bits 16
org 0x7C00
cpu 586

%define BUFFER_SEGMENT 0x2000
%define PRD_ADDRESS    0x1F000
%define STAGE_SECTORS  8

%include "boot.inc"

; Sector 1: the plan, eight entries of a letter and a 32-bit count; a letter 0 ends it.
plan:
    times 8 * 5 db 0
    times 0x200 + 0x40 - ($ - $$) db 0

main:
    mov si, plan
.next:
    mov al, [si]
    test al, al
    jz .done
    mov [letter], al
    mov eax, [si + 1]
    mov [count], eax
    add si, 5
    push si
    movzx bx, byte [letter]
    sub bx, 'a'
    shl bx, 1
    call [tests + bx]
    call report
    xor ax, ax
    mov ds, ax
    mov es, ax
    pop si
    jmp .next
.done:
    mov dx, 0x501
    mov al, 3
    out dx, al
    hlt
tests:
    dw read_sectors, read_multiple, write_sectors, dma_4k, text_words, planar_words, pit_ticks, rtc_ticks, idle, status_reads

; Cycles since .begin in [cycles]: begin stores the counter, end subtracts.
begin:
    rdtsc
    mov [cycles], eax
    mov [cycles + 4], edx
    ret
end:
    rdtsc
end_at: ; EDX:EAX
    sub eax, [cycles]
    sbb edx, [cycles + 4]
    mov [cycles], eax
    mov [cycles + 4], edx
    ret

report:
    mov al, [letter]
    call put
    mov al, ' '
    call put
    mov eax, [count]
    call hex
    mov al, ' '
    call put
    mov eax, [cycles + 4]
    call hex
    mov eax, [cycles]
    call hex
    mov al, 10
%include "print.inc"

; IDE --------------------------------------------------------------------------------------------------------

; EAX first sector, BL sectors, BH command; primary master, no interrupt bit in [control].
ide_command:
    push eax
    mov dx, 0x1F2
    mov al, bl
    out dx, al
    pop eax
    inc dx
    out dx, al
    shr eax, 8
    inc dx
    out dx, al
    shr eax, 8
    inc dx
    out dx, al
    mov al, ah
    or al, 0xE0
    inc dx
    out dx, al
    inc dx
    mov al, bh
    out dx, al
    ret
wait_drq:
    mov dx, 0x1F7
.again:
    in al, dx
    test al, 0x80
    jnz .again
    test al, 0x21
    jnz failed
    test al, 8
    jz .again
    ret
wait_idle:
    mov dx, 0x1F7
.again:
    in al, dx
    test al, 0x88
    jnz .again
    test al, 0x21
    jnz failed
    ret
no_interrupts:
    mov dx, 0x3F6
    mov al, 2
    out dx, al
    ret

; [count] commands of 128 sectors, a DRQ block of one sector (20h) or of sixteen (C4h).
read_sectors:
    mov byte [command], 0x20
    mov word [block_words], 256
    mov word [blocks], 128
    jmp read_pio
read_multiple:
    mov byte [command], 0xC4
    mov word [block_words], 4096
    mov word [blocks], 8
read_pio:
    call no_interrupts
    mov eax, 4096
    mov bx, 0xC610 ; SET MULTIPLE MODE, sixteen
    call ide_command
    call wait_idle
    mov ax, BUFFER_SEGMENT
    mov es, ax
    mov ebp, 4096
    mov esi, [count]
    call begin
.command:
    mov eax, ebp
    mov bl, 128
    mov bh, [command]
    call ide_command
    xor di, di
    mov bx, [blocks]
.block:
    call wait_drq
    mov cx, [block_words]
    mov dx, 0x1F0
    rep insw
    dec bx
    jnz .block
    call next_range
    dec esi
    jnz .command
    jmp end
next_range: ; EBP: 4096 to 36864 and round again
    add ebp, 128
    cmp ebp, 36864
    jb .same
    mov ebp, 4096
.same:
    ret

write_sectors:
    call no_interrupts
    mov ax, BUFFER_SEGMENT
    mov ds, ax
    mov ebp, 65536
    mov ecx, [cs:count]
    push ds
    push word 0
    pop ds
    call begin
    pop ds
.command:
    push ecx
    mov eax, ebp
    mov bx, 0x3080
    call ide_command
    xor si, si
    mov bx, 128
.block:
    call wait_drq
    mov cx, 256
    mov dx, 0x1F0
    rep outsw
    dec bx
    jnz .block
    call wait_idle
    add ebp, 128
    pop ecx
    dec ecx
    jnz .command
    push word 0
    pop ds
    jmp end

; [count] READ DMA commands of eight sectors, here and there, each ended by its interrupt.
dma_4k:
    mov eax, 0x80000920 ; bus 0, device 1, function 1, BMIBA
    mov dx, 0xCF8
    out dx, eax
    mov dx, 0xCFC
    in eax, dx
    and ax, 0xFFF0
    mov [bus_master], ax
    mov eax, 0x80000904 ; PCICMD: I/O and bus master
    mov dx, 0xCF8
    out dx, eax
    mov dx, 0xCFC
    in ax, dx
    or ax, 5
    out dx, ax
    mov ax, PRD_ADDRESS >> 4
    mov es, ax
    mov dword [es:0], BUFFER_SEGMENT << 4
    mov dword [es:4], 0x80001000
    mov dx, 0x3F6
    xor al, al
    out dx, al
    mov dx, 0x1F7
    in al, dx
    cli
    mov word [0x76 * 4], ide_interrupt
    mov word [0x76 * 4 + 2], 0
    in al, 0x21
    mov [mask1], al
    mov al, 0xFB ; nothing but the slave ...
    out 0x21, al
    in al, 0xA1
    mov [mask2], al
    mov al, 0xBF ; ... and IRQ 14
    out 0xA1, al
    mov esi, [count]
    xor ebp, ebp
    call begin
.command:
    mov byte [done], 0
    mov dx, [bus_master]
    add dx, 4
    mov eax, PRD_ADDRESS
    out dx, eax
    sub dx, 4
    mov al, 8 ; to memory
    out dx, al
    add dx, 2
    mov al, 0x66 ; clear error and interrupt
    out dx, al
    add ebp, 12345
    mov eax, ebp
    and eax, 0x0FFF
    shl eax, 3
    add eax, 4096
    mov bx, 0xC808
    call ide_command
    mov dx, [bus_master]
    mov al, 9
    out dx, al
.wait:
    cli
    cmp byte [done], 0
    jne .finished
    sti
    hlt
    jmp .wait
.finished:
    mov dx, [bus_master]
    mov al, 8
    out dx, al
    dec esi
    jnz .command
    call end
    mov al, [mask2]
    out 0xA1, al
    mov al, [mask1]
    out 0x21, al
    sti
    ret
ide_interrupt:
    push ax
    push dx
    mov dx, [cs:bus_master]
    add dx, 2
    in al, dx
    or al, 4
    out dx, al
    mov dx, 0x1F7
    in al, dx
    test al, 0x21
    jnz failed
    mov al, 0x20
    out 0xA0, al
    out 0x20, al
    mov byte [cs:done], 1
    pop dx
    pop ax
    iret

; [count] reads of the alternate status register: the cost of an exit.
status_reads:
    mov dx, 0x3F6
    mov ecx, [count]
    call begin
.again:
    in al, dx
    dec ecx
    jnz .again
    jmp end

; Video ------------------------------------------------------------------------------------------------------

; [count] screens of 2000 words in mode 3.
text_words:
    mov ax, 3
    int 0x10
    mov ax, 0xB800
    mov es, ax
    mov esi, [count]
    call begin
.screen:
    xor di, di
    mov cx, 2000
    mov ax, si
    rep stosw
    dec esi
    jnz .screen
    jmp end
; [count] screens of 19200 words in mode 12h, all planes.
planar_words:
    mov ax, 0x12
    int 0x10
    mov ax, 0xA000
    mov es, ax
    mov esi, [count]
    call begin
.screen:
    xor di, di
    mov cx, 19200
    mov ax, si
    rep stosw
    dec esi
    jnz .screen
    call end
    mov eax, [cycles]
    push eax
    push dword [cycles + 4]
    mov ax, 3
    int 0x10
    pop dword [cycles + 4]
    pop dword [cycles]
    ret

; Clocks -----------------------------------------------------------------------------------------------------

; Ticks for [count] * 2^20 cycles, from the first tick to the last: COUNT becomes the ticks, CYCLES their time.
pit_ticks: ; 1193182 / 1193 Hz
    cli
    mov word [8 * 4], tick_interrupt
    mov word [8 * 4 + 2], 0
    mov byte [slave], 0
    mov al, 0x34
    out 0x43, al
    mov al, 1193 & 255
    out 0x40, al
    mov al, 1193 >> 8
    out 0x40, al
    mov al, 0xFE
    jmp count_ticks
rtc_ticks: ; 1024 Hz
    cli
    mov word [0x70 * 4], tick_interrupt
    mov word [0x70 * 4 + 2], 0
    mov byte [slave], 1
    mov al, 0x0A
    out 0x70, al
    mov al, 0x26
    out 0x71, al
    mov al, 0x0B
    out 0x70, al
    in al, 0x71
    or al, 0x40
    mov ah, al
    mov al, 0x0B
    out 0x70, al
    mov al, ah
    out 0x71, al
    mov al, 0x0C
    out 0x70, al
    in al, 0x71
    mov al, 0xFE
    out 0xA1, al
    mov al, 0xFB
count_ticks:
    out 0x21, al
    mov dword [ticks], -1
    mov eax, [count]
    mov edx, eax
    shl eax, 20
    shr edx, 12
    mov [duration], eax
    mov [duration + 4], edx
.wait:
    sti
    hlt
    cli
    cmp dword [ticks], 0
    jle .wait
    mov eax, [last]
    mov edx, [last + 4]
    sub eax, [cycles]
    sbb edx, [cycles + 4]
    sub eax, [duration]
    sbb edx, [duration + 4]
    jc .wait
    mov al, 0xFF
    out 0x21, al
    mov eax, [last]
    mov edx, [last + 4]
    call end_at
    mov eax, [ticks]
    mov [count], eax
    mov al, 0x0B ; the periodic interrupt off
    out 0x70, al
    mov al, 2
    out 0x71, al
    ret
tick_interrupt:
    push eax
    push edx
    cmp byte [cs:slave], 0
    je .master
    mov al, 0x0C
    out 0x70, al
    in al, 0x71
    mov al, 0x20
    out 0xA0, al
.master:
    mov al, 0x20
    out 0x20, al
    rdtsc
    mov [cs:last], eax
    mov [cs:last + 4], edx
    inc dword [cs:ticks]
    jnz .counted
    mov [cs:cycles], eax ; the first one starts the clock
    mov [cs:cycles + 4], edx
.counted:
    pop edx
    pop eax
    iret

; A 100 Hz tick and HLT, as NT's idle loop, until the run is ended from outside.
idle:
    cli
    mov word [8 * 4], idle_interrupt
    mov word [8 * 4 + 2], 0
    mov al, 0x34
    out 0x43, al
    mov al, 11932 & 255
    out 0x40, al
    mov al, 11932 >> 8
    out 0x40, al
    mov al, 0xFE
    out 0x21, al
    mov al, '!'
    call put
    sti
.again:
    hlt
    jmp .again
idle_interrupt:
    push ax
    mov al, 0x20
    out 0x20, al
    pop ax
    iret

letter: db 0
command: db 0
done: db 0
slave: db 0
mask1: db 0
mask2: db 0
block_words: dw 0
blocks: dw 0
bus_master: dw 0
count: dd 0
ticks: dd 0
cycles: dq 0
last: dq 0
duration: dq 0
    times 0x200 * (STAGE_SECTORS + 1) - ($ - $$) db 0
