; Boot disk that measures a network card with the time stamp counter: real mode, so that every kind of KVM runs it.
; SPDX-License-Identifier: GPL-3.0-or-later
;
; Assembled with -DCARD="am79c970.inc" or -DCARD="dec21140.inc": what the cards differ in.
; bench/network writes two counts into it (COUNTS below) and reads lines from COM1: "LETTER COUNT CYCLES", hexadecimal.
; t: COUNT frames of 1514 bytes are sent, each with a transmit demand, as drivers do. r: frames are received, after a '!' that asks for
; them, by interrupts, which are off while the ring is worked off, as in drivers; the time is that from the first to the last of COUNT.
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
%define STAGE_SECTORS 3

%include "boot.inc"

; Sector 1, COUNTS: frames to send, frames to receive.
to_send: dd 0
to_receive: dd 0
    times 0x200 + 0x10 - ($ - $$) db 0

%include CARD

main:
    call find_card
    call build
    call build_frame
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

; The I/O base of the first card of the kind on bus 0; it may use the bus.
find_card:
    mov ebx, 0x80000000
.next:
    mov eax, ebx
    call config
    in eax, dx
    cmp eax, CARD_ID
    je .found
    cmp eax, CARD_ID_TOO
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

; A frame of a local experiment (IEEE 802, 88B5h).
build_frame:
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


send:
    mov esi, [cs:to_send]
    mov dx, [cs:base]
    add dx, DEMAND_PORT
    push dx
    rdtsc
    mov [cs:cycles], eax
    mov [cs:cycles + 4], edx
    pop dx
    mov eax, DEMAND
.round:
    mov di, TX_RING
.frame:
    cmp dword [di + OWNED], 0
    jl .frame ; the card's still
    mov dword [di + OWNED], TX_READY
    DEMAND_IT
    dec esi
    jz .last
    add di, 16
    cmp di, TX_RING + 16 * TX_ENTRIES
    jb .frame
    jmp .round
.last:
    cmp dword [di + OWNED], 0
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
    INTERRUPTS_ON
    mov al, '!'
    call put
    mov esi, [cs:to_receive]
    mov di, RX_RING
    call .wait
    rdtsc
    mov [cs:cycles], eax
    mov [cs:cycles + 4], edx
.frame:
    mov dword [di + OWNED], RX_READY
    dec esi
    jz end
    add di, 16
    cmp di, RX_RING + 16 * RX_ENTRIES
    jb .same
    mov di, RX_RING
.same:
    cmp dword [di + OWNED], 0
    jge .frame
    push word .frame
.wait:
    cli
    cmp dword [di + OWNED], 0
    jge .here
    INTERRUPTS_ON ; one that has come meanwhile interrupts now
    sti
    hlt
    jmp .wait
.here:
    sti
    ret
interrupt:
    push eax
    push dx
    INTERRUPTS_OFF
    mov al, 0x20
    out 0xA0, al
    out 0x20, al
    pop dx
    pop eax
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
