; Boot code for a disk that has a partition table and none: finds the active entry, reads its first sector by the
; CHS address in the entry (INT 13h AH=02, as NT 4.0's own code does) and jumps there with DL and DS:SI as usual.
; SPDX-License-Identifier: GPL-3.0-or-later
; Assembled: nasm -f bin; the bytes are in converter/patch/boot_code.cpp, a test compares them.
bits 16
org 0x600
        cli
        xor ax, ax
        mov ss, ax
        mov sp, 0x7c00
        sti
        mov ds, ax
        mov es, ax
        cld
        mov si, 0x7c00
        mov di, 0x600
        mov cx, 0x100
        rep movsw
        jmp 0:here
here:   mov si, 0x7be
        mov cx, 4
find:   cmp byte [si], 0x80
        je found
        add si, 16
        loop find
        mov si, no_active
        jmp print
found:  mov bp, 5               ; floppies of the time wanted retries; disks spinning up do too
again:  mov ax, 0x0201
        mov bx, 0x7c00
        mov cx, [si + 2]        ; sector and cylinder
        mov dx, [si]            ; DL: 80h, DH: head
        int 0x13
        jnc loaded
        xor ax, ax
        int 0x13
        dec bp
        jnz again
        mov si, read_error
        jmp print
loaded: cmp word [0x7dfe], 0xaa55
        mov bx, 0x7c00
        jne nothing
        jmp 0:0x7c00
nothing:
        mov si, no_system
print:  lodsb
        test al, al
        jz stop
        mov ah, 0x0e
        mov bx, 7
        int 0x10
        jmp print
stop:   hlt
        jmp stop
no_active:      db "No active partition", 0
read_error:     db "Error loading operating system", 0
no_system:      db "Missing operating system", 0
