; Boot disk that measures an Am79C970A with the time stamp counter: real mode, so that every kind of KVM runs it.
; SPDX-License-Identifier: GPL-3.0-or-later
;
; bench/network writes two counts into it (COUNTS below) and reads lines from COM1: "LETTER COUNT CYCLES", hexadecimal.
; t: COUNT frames of 1514 bytes are sent, each with a transmit demand, as drivers do. r: frames are received, after a '!' that asks for
; them, by interrupts, which are off while the ring is worked off, as in drivers; the time is that from the first to the last of COUNT.
; AMD 19436 (Am79C970A): 32-bit structures (SWSTYLE 2).
bits 16
org 0x7C00
cpu 586

%define SEGMENT     0x1000 ; of the structures
%define BASE        (SEGMENT << 4)
%define INIT        0x0000
%define TX_RING     0x0100
%define RX_RING     0x0200
%define TX_FRAME    0x0400
%define RX_BUFFERS  0x20000
%define TX_ENTRIES  16
%define RX_ENTRIES  32
%define FRAME_BYTES 1514
%define TX_READY    (0x83000000 | (0x10000 - FRAME_BYTES)) ; OWN, STP, ENP
%define RX_READY    (0x80000000 | (0x10000 - 1536))
%define RDP         0x10
%define RAP         0x12
%define RESET       0x14
%define BDP         0x16
%define STAGE_SECTORS 3

%include "boot.inc"

; Sector 1, COUNTS: frames to send, frames to receive.
to_send: dd 0
to_receive: dd 0
    times 0x200 + 0x10 - ($ - $$) db 0

main:
    call find_card
    call build
    call start_card
    mov ax, SEGMENT
    mov ds, ax
    call send
    mov byte [cs:letter], 't'
    mov eax, [cs:to_send]
    call report
    call receive
    mov byte [cs:letter], 'r'
    mov eax, [cs:to_receive]
    call report
    mov dx, 0x501
    mov al, 3
    out dx, al
    hlt

; The I/O base of the first 1022:2000 on bus 0; it may use the bus.
find_card:
    mov ebx, 0x80000000
.next:
    mov eax, ebx
    call config
    in eax, dx
    cmp eax, 0x20001022
    je .found
    add ebx, 0x800
    cmp ebx, 0x80010000
    jb .next
    jmp failed
.found:
    lea eax, [ebx + 0x10]
    call config
    in eax, dx
    and al, 0xE0
    mov [base], ax
    lea eax, [ebx + 4]
    call config
    in ax, dx
    or al, 5
    out dx, ax
    ret
config: ; EAX, then DX is the data port
    mov dx, 0xCF8
    out dx, eax
    mov dx, 0xCFC
    ret

; Initialization block, both rings, a frame of a local experiment (IEEE 802, 88B5h).
build:
    mov ax, SEGMENT
    mov es, ax
    mov di, INIT
    mov eax, 0x40508000 ; 16 and 32 entries, promiscuous
    stosd
    mov eax, 0x12005452
    stosd
    mov eax, 0x00005634
    stosd
    xor eax, eax
    stosd
    stosd
    mov eax, BASE + RX_RING
    stosd
    mov eax, BASE + TX_RING
    stosd
    mov di, TX_RING
    mov cx, TX_ENTRIES
.tx:
    mov eax, BASE + TX_FRAME
    stosd
    xor eax, eax
    stosd
    stosd
    stosd
    loop .tx
    mov di, RX_RING
    mov cx, RX_ENTRIES
    mov ebx, RX_BUFFERS
.rx:
    mov eax, ebx
    stosd
    mov eax, RX_READY
    stosd
    xor eax, eax
    stosd
    stosd
    add ebx, 2048
    loop .rx
    mov di, TX_FRAME
    mov eax, 0x99005452
    stosd
    mov eax, 0x54529999
    stosd
    mov eax, 0x56341200
    stosd
    mov ax, 0xB588
    stosw
    mov cx, FRAME_BYTES - 14
    mov al, 0x5A
    rep stosb
    ret

start_card:
    mov dx, [base]
    add dx, RESET
    in ax, dx
    mov bx, 20
    mov cx, 2
    call write_bcr
    mov bx, 1
    mov cx, BASE & 0xFFFF
    call write_csr
    mov bx, 2
    mov cx, BASE >> 16
    call write_csr
    xor bx, bx
    mov cx, 1 ; INIT
    call write_csr
    mov dx, [base]
    add dx, RDP
.wait:
    in ax, dx
    test ah, 1 ; IDON
    jz .wait
    mov ax, 0x7F02 ; STRT
    out dx, ax
    ret ; RAP stays at CSR0
write_csr:
    call address
    add dx, RDP - RAP
    mov ax, cx
    out dx, ax
    ret
write_bcr:
    call address
    add dx, BDP - RAP
    mov ax, cx
    out dx, ax
    ret
address:
    mov dx, [base]
    add dx, RAP
    mov ax, bx
    out dx, ax
    ret

send:
    mov esi, [cs:to_send]
    mov dx, [cs:base]
    add dx, RDP
    push dx
    rdtsc
    mov [cs:cycles], eax
    mov [cs:cycles + 4], edx
    pop dx
    mov ax, 8 ; TDMD
.round:
    mov di, TX_RING
.frame:
    cmp dword [di + 4], 0
    jl .frame ; the card's still
    mov dword [di + 4], TX_READY
    out dx, ax
    dec esi
    jz .last
    add di, 16
    cmp di, TX_RING + 16 * TX_ENTRIES
    jb .frame
    jmp .round
.last:
    cmp dword [di + 4], 0
    jl .last
    jmp end

receive:
    cli
    xor ax, ax
    mov es, ax
    mov cx, 3
    mov di, 0x71 * 4 ; IRQ 9, 10, 11
.vector:
    mov word [es:di], interrupt
    mov word [es:di + 2], 0
    add di, 4
    loop .vector
    mov al, 0xFB
    out 0x21, al
    mov al, 0xF1
    out 0xA1, al
    mov dx, [cs:base]
    add dx, RDP
    mov ax, 0x7F40 ; IENA
    out dx, ax
    mov al, '!'
    call put
    mov esi, [cs:to_receive]
    mov di, RX_RING
    call .wait
    rdtsc
    mov [cs:cycles], eax
    mov [cs:cycles + 4], edx
.frame:
    mov dword [di + 4], RX_READY
    dec esi
    jz end
    add di, 16
    cmp di, RX_RING + 16 * RX_ENTRIES
    jb .same
    mov di, RX_RING
.same:
    cmp dword [di + 4], 0
    jge .frame
    push word .frame
.wait:
    cli
    cmp dword [di + 4], 0
    jge .here
    mov dx, [cs:base]
    add dx, RDP
    mov ax, 0x40 ; IENA: one that has come meanwhile interrupts now
    out dx, ax
    sti
    hlt
    jmp .wait
.here:
    sti
    ret
interrupt:
    push ax
    push dx
    mov dx, [cs:base]
    add dx, RDP
    mov ax, 0x7F00
    out dx, ax
    mov al, 0x20
    out 0xA0, al
    out 0x20, al
    pop dx
    pop ax
    iret

end:
    rdtsc
    sub eax, [cs:cycles]
    sbb edx, [cs:cycles + 4]
    mov [cs:cycles], eax
    mov [cs:cycles + 4], edx
    ret
report: ; EAX: count
    push eax
    mov al, [cs:letter]
    call put
    mov al, ' '
    call put
    pop eax
    call hex
    mov al, ' '
    call put
    mov eax, [cs:cycles + 4]
    call hex
    mov eax, [cs:cycles]
    call hex
    mov al, 10
%include "print.inc"

letter: db 0
base: dw 0
cycles: dq 0
    times 0x200 * (STAGE_SECTORS + 1) - ($ - $$) db 0
