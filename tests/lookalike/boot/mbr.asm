; Master boot record of the lookalike disks: as on NT 4.0 it reads the active partition's first sector by INT 13h AH=02
; with the CHS bytes of its table entry, nothing else. No LBA extensions, no geometry query.
; SPDX-License-Identifier: GPL-3.0-or-later
bits 16
org 0x0600

start:
    cli
    xor ax, ax
    mov ss, ax
    mov sp, 0x7c00
    mov ds, ax
    mov es, ax
    sti
    cld
    mov si, 0x7c00
    mov di, 0x0600
    mov cx, 256
    rep movsw
    jmp 0:moved

moved:
    mov si, table
    mov cx, 4
.find:
    cmp byte [si], 0x80
    je .active
    cmp byte [si], 0
    jne .invalid
    add si, 16
    loop .find
    int 0x18                    ; no active partition: back to the BIOS
.invalid:
    mov si, text_invalid
    jmp stop

.active:
    mov bp, 5
.retry:
    mov dh, [si + 1]            ; head
    mov cx, [si + 2]            ; sector and cylinder, as INT 13h wants them
    mov dl, 0x80
    mov bx, 0x7c00
    mov ax, 0x0201
    int 0x13
    jnc .read
    xor ax, ax
    int 0x13
    dec bp
    jnz .retry
    mov si, text_error
    jmp stop
.read:
    cmp word [0x7dfe], 0xaa55
    jne .missing
    mov dl, 0x80
    jmp 0:0x7c00                ; SI points at the table entry, as the convention is
.missing:
    mov si, text_missing

stop:
    lodsb
    test al, al
    jz .halt
    mov ah, 0x0e
    mov bx, 7
    push ax
    int 0x10
    pop ax
    mov ah, 1                   ; and to COM1, for a machine without a screen
    xor dx, dx
    int 0x14
    jmp stop
.halt:
    mov al, 0x30
    mov dx, 0x501
    out dx, al                  ; QEMU isa-debug-exit: "stopped before NTLDR"
.forever:
    hlt
    jmp .forever

text_invalid: db "Invalid partition table", 13, 10, 0
text_error:   db "Error loading operating system", 13, 10, 0
text_missing: db "Missing operating system", 13, 10, 0

    times 0x1be - ($ - $$) db 0
table:
    times 0x1fe - ($ - $$) db 0
    dw 0xaa55
