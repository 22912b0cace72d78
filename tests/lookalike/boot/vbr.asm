; Volume boot sector code of the lookalike disks (NTFS and FAT16; -DBPB_END=0x54 or 0x3e). It loads \NTLDR to 2000:0000
; through INT 13h AH=02, with CHS computed from sectors per track (0x18), heads (0x1A) and hidden sectors (0x1C) of
; its BPB, as NT's does. Where NTLDR lies is a block list that the generator patches in, because the point is the
; geometry and not the file system.
; SPDX-License-Identifier: GPL-3.0-or-later
bits 16
org 0x7c00

%define bpb_spt    0x7c18
%define bpb_heads  0x7c1a
%define bpb_hidden 0x7c1c

    jmp short start
    nop
    times BPB_END - ($ - $$) db 0   ; BIOS parameter block: written by mkntfs or mkfs.fat

start:
    cli
    xor ax, ax
    mov ss, ax
    mov sp, 0x7c00
    mov ds, ax
    sti
    cld
    mov ax, 0x2000
    mov es, ax
    mov si, blocks
next_extent:
    mov ecx, [si + 4]
    test ecx, ecx
    jz loaded
    mov ebx, [si]
    add ebx, [bpb_hidden]
.sector:
    push ecx
    call read_sector
    pop ecx
    inc ebx
    mov ax, es
    add ax, 0x20
    mov es, ax
    dec ecx
    jnz .sector
    add si, 8
    jmp next_extent

loaded:
    ; A wrong geometry reads other sectors without an error: both ends of the file carry a mark.
    sub ax, 0x20                    ; AX is the segment after the last sector
    mov es, ax
    cmp dword [es:0x1fc], 'NTLE'
    jne missing
    mov ax, 0x2000
    mov es, ax
    cmp dword [es:4], 'NTLB'
    jne missing
    mov dl, 0x80
    jmp 0x2000:0

; EBX = absolute sector, ES:0 = target
read_sector:
    pushad
    mov eax, ebx
    xor edx, edx
    movzx ecx, word [bpb_spt]
    div ecx
    inc dl
    mov bl, dl                      ; sector
    xor edx, edx
    movzx ecx, word [bpb_heads]
    div ecx                         ; EAX cylinder, DL head
    cmp eax, 1023
    ja error
    mov dh, dl
    mov ch, al
    mov cl, ah
    shl cl, 6
    or cl, bl
    mov dl, 0x80
    xor bx, bx
    mov ax, 0x0201
    int 0x13
    jc error
    popad
    ret

error:
    mov si, text_error
    jmp short stop
missing:
    mov si, text_missing
stop:
    xor ax, ax
    mov ds, ax
.next:
    lodsb
    test al, al
    jz .halt
    mov ah, 0x0e
    mov bx, 7
    push ax
    int 0x10
    pop ax
    mov ah, 1
    xor dx, dx
    int 0x14
    jmp .next
.halt:
    mov al, 0x30
    mov dx, 0x501
    out dx, al
.forever:
    hlt
    jmp .forever

text_error:   db "A disk read error occurred.", 13, 10, 0
text_missing: db "NTLDR is missing.", 13, 10, 0

    times 0x1bc - ($ - $$) db 0
    db 'BLKL'
blocks:                             ; up to 7 of: sector in the volume, number of sectors; ends with 0
    times 0x1fe - ($ - $$) db 0
    dw 0xaa55
