; Stand-in for NTLDR on the lookalike disks. Like the real one it lies at 2000:0000 and reads by INT 13h AH=02 CHS
; with the geometry of the volume's BPB, so that a machine which reports another geometry fails here as for NT.
; With a kernel in its block list it starts Linux by the x86 boot protocol (Documentation/arch/x86/boot.rst, 2.03 and
; later); without one it says that it was reached and writes 31h to port 501h (QEMU isa-debug-exit).
; SPDX-License-Identifier: GPL-3.0-or-later
bits 16
org 0

%define BPB_SEG      0x07c0         ; the boot sector is still at 0000:7C00
%define BUFFER_SEG   0x6000         ; one track: up to 63 sectors
%define SETUP_SEG    0x9000
%define CMDLINE_OFF  0x9800         ; in SETUP_SEG; heap ends below
%define KERNEL_HIGH  0x100000

    jmp near start
    times 4 - ($ - $$) db 0
    db 'NTLB'

    times 0x20 - ($ - $$) db 0
parameters:
    db 'NTFERRY-LOADER', 0, 0       ; patched by the generator from here on
kernel_bytes: dd 0                  ; 0: no kernel
initrd_bytes: dd 0
    times 0x40 - ($ - $$) db 0
kernel_blocks: times 32 dd 0, 0     ; absolute sector, number of sectors; ends with 0
initrd_blocks: times 32 dd 0, 0
cmdline: times 256 db 0

start:
    cli
    mov ax, cs
    mov ds, ax
    xor bx, bx
    mov ss, bx
    mov sp, 0x7c00
    sti
    cld
    mov ax, BPB_SEG
    mov es, ax
    mov ax, [es:0x18]
    mov [spt], ax
    mov ax, [es:0x1a]
    mov [heads], ax

    mov si, text_loader
    call print
    cmp dword [kernel_bytes], 0
    jne boot_linux

    mov si, text_reached
    call print
    movzx eax, word [heads]
    call print_number
    mov al, '/'
    call put
    movzx eax, word [spt]
    call print_number
    mov si, text_ok
    call print
    mov al, 0x31
    jmp finish

boot_linux:
    ; The first 64 sectors hold the setup code; how many it has says byte 1F1h.
    mov dword [block_list], kernel_blocks
    call open_blocks
    mov dword [wanted], 1
    call read_some
    mov ax, BUFFER_SEG
    mov es, ax
    movzx eax, byte [es:0x1f1]
    test al, al
    jnz .has_count
    mov al, 4
.has_count:
    inc eax
    mov [setup_sectors], eax
    mov word [target_seg], SETUP_SEG
    call buffer_to_low
    mov eax, [setup_sectors]
    dec eax
    mov [left], eax
.setup:
    mov eax, [left]
    test eax, eax
    jz .setup_done
    mov [wanted], eax
    call read_some
    sub [left], eax
    call buffer_to_low
    jmp .setup
.setup_done:
    mov ax, SETUP_SEG
    mov es, ax
    cmp dword [es:0x202 - 0], 'HdrS'
    jne bad_kernel
    cmp word [es:0x206], 0x0203
    jb bad_kernel
    test byte [es:0x211], 1         ; loaded high
    jz bad_kernel

    ; protected-mode part to 1 MB
    mov eax, [kernel_bytes]
    add eax, 511
    shr eax, 9
    sub eax, [setup_sectors]
    mov [left], eax
    mov dword [high], KERNEL_HIGH
    call load_high

    ; initrd at the top of the memory below min(initrd_addr_max, what E801h reports)
    mov eax, [initrd_bytes]
    test eax, eax
    jz .no_initrd
    call memory_top
    push es
    mov cx, SETUP_SEG
    mov es, cx
    mov ebx, [es:0x22c]
    pop es
    inc ebx
    jz .limit_known
    cmp eax, ebx
    jbe .limit_known
    mov eax, ebx
.limit_known:
    sub eax, [initrd_bytes]
    jc no_memory
    and eax, 0xfffff000
    cmp eax, 0x01000000
    jb no_memory
    mov [high], eax
    push es
    mov cx, SETUP_SEG
    mov es, cx
    mov [es:0x218], eax
    mov ebx, [initrd_bytes]
    mov [es:0x21c], ebx
    pop es
    mov dword [block_list], initrd_blocks
    call open_blocks
    mov eax, [initrd_bytes]
    add eax, 511
    shr eax, 9
    mov [left], eax
    call load_high
.no_initrd:

    ; header fields that a loader fills in
    mov ax, SETUP_SEG
    mov es, ax
    mov byte [es:0x210], 0xff       ; type_of_loader: undefined
    or byte [es:0x211], 0x80        ; heap_end_ptr is valid
    mov word [es:0x224], CMDLINE_OFF - 0x200
    mov dword [es:0x228], SETUP_SEG * 16 + CMDLINE_OFF
    mov si, cmdline
    mov di, CMDLINE_OFF
    mov cx, 128
    rep movsw
    mov si, text_start
    call print

    cli
    mov ax, SETUP_SEG
    mov ds, ax
    mov es, ax
    mov fs, ax
    mov gs, ax
    mov ss, ax
    mov sp, CMDLINE_OFF
    jmp SETUP_SEG + 0x20:0

bad_kernel:
    mov si, text_kernel
    jmp failed
no_memory:
    mov si, text_memory
    jmp failed
read_failed:
    mov si, text_read
failed:
    push cs
    pop ds
    call print
    mov al, 0x30
finish:
    mov dx, 0x501
    out dx, al
.forever:
    hlt
    jmp .forever

; reads [left] sectors to [high] upwards
load_high:
    mov eax, [left]
    test eax, eax
    jz .done
    mov [wanted], eax
    call read_some
    sub [left], eax
    mov ecx, eax
    shl ecx, 9
    call buffer_to_high
    add [high], ecx
    jmp load_high
.done:
    ret

; starts a block list
open_blocks:
    mov si, [block_list]
    mov eax, [si]
    mov [now_lba], eax
    mov eax, [si + 4]
    mov [now_left], eax
    ret

; reads up to [wanted] sectors into the buffer: never past the end of the track or of the extent. EAX = sectors read
read_some:
    cmp dword [now_left], 0
    jne .have
    add dword [block_list], 8
    call open_blocks
    cmp dword [now_left], 0
    je read_failed
.have:
    mov eax, [now_lba]
    xor edx, edx
    movzx ecx, word [spt]
    div ecx
    sub ecx, edx                    ; left in this track
    inc dl
    mov [chs_sector], dl
    xor edx, edx
    movzx ebx, word [heads]
    div ebx
    cmp eax, 1023
    ja read_failed
    cmp ecx, [wanted]
    jbe .not_more
    mov ecx, [wanted]
.not_more:
    cmp ecx, [now_left]
    jbe .not_past
    mov ecx, [now_left]
.not_past:
    mov [count], ecx
    mov dh, dl
    mov dl, 0x80
    mov ch, al
    mov cl, ah
    shl cl, 6
    or cl, [chs_sector]
    mov bx, BUFFER_SEG
    mov es, bx
    xor bx, bx
    mov al, [count]
    mov ah, 2
    int 0x13
    jc read_failed
    mov eax, [count]
    add [now_lba], eax
    sub [now_left], eax
    ret

; buffer to [target_seg]:0, which moves on; EAX = sectors (kept)
buffer_to_low:
    push eax
    push ds
    mov ecx, [count]
    shl ecx, 7
    mov dx, [target_seg]
    mov es, dx
    mov bx, [count]
    shl bx, 5
    add [target_seg], bx
    mov dx, BUFFER_SEG
    mov ds, dx
    xor si, si
    xor di, di
    rep movsd
    pop ds
    pop eax
    ret

; buffer to [high], ECX bytes, by INT 15h AH=87h; keeps ECX
buffer_to_high:
    push ecx
    mov eax, [high]
    mov [move_to + 2], ax
    shr eax, 16
    mov [move_to + 4], al
    mov [move_to + 7], ah
    push cs
    pop es
    mov si, move_gdt
    shr ecx, 1
    mov ah, 0x87
    int 0x15
    jc read_failed
    pop ecx
    ret

; EAX = end of the memory that INT 15h E801h reports (above 16 MB when there is any)
memory_top:
    mov ax, 0xe801
    xor bx, bx
    xor cx, cx
    xor dx, dx
    int 0x15
    jc no_memory
    test cx, cx
    jz .plain
    mov ax, cx
    mov bx, dx
.plain:
    movzx ebx, bx
    shl ebx, 16
    jz .below_16m
    lea eax, [ebx + 0x01000000]
    ret
.below_16m:
    movzx eax, ax
    shl eax, 10
    add eax, 0x100000
    ret

print:
    lodsb
    test al, al
    jz .done
    call put
    jmp print
.done:
    ret

put:
    pusha
    mov ah, 0x0e
    mov bx, 7
    push ax
    int 0x10
    pop ax
    mov ah, 1
    xor dx, dx
    int 0x14
    popa
    ret

print_number:
    mov ebx, 10
    xor cx, cx
.digit:
    xor edx, edx
    div ebx
    push dx
    inc cx
    test eax, eax
    jnz .digit
.out:
    pop ax
    add al, '0'
    call put
    loop .out
    ret

spt:           dw 0
heads:         dw 0
block_list:    dd 0
now_lba:       dd 0
now_left:      dd 0
wanted:        dd 0
left:          dd 0
count:         dd 0
high:          dd 0
setup_sectors: dd 0
target_seg:    dw 0
chs_sector:    db 0

align 8
move_gdt:                           ; INT 15h AH=87h: null, own, source, target, BIOS code, stack
    dq 0
    dq 0
    dw 0xffff, (BUFFER_SEG << 4) & 0xffff
    db BUFFER_SEG >> 12, 0x93, 0, 0
move_to:
    dw 0xffff, 0
    db 0, 0x93, 0, 0
    dq 0
    dq 0

text_loader:  db "OS Loader V4.01 (NTFerry stand-in)", 13, 10, 0
text_reached: db "NTLDR stand-in reached, geometry CHS ", 0
text_ok:      db " ok", 13, 10, 0
text_start:   db "starting the guest agent", 13, 10, 0
text_read:    db "A disk read error occurred.", 13, 10, 0
text_kernel:  db "Windows NT could not start because the stand-in kernel is damaged.", 13, 10, 0
text_memory:  db "NTLDR: not enough memory for the stand-in kernel.", 13, 10, 0

%ifndef NTLDR_VERSION
%define NTLDR_VERSION "4.01"
%endif
    db "NTLDR stand-in version ", NTLDR_VERSION, 0
    ; The size is the real file's (156,496 bytes). The last sector loaded is the file's last cluster; its mark is
    ; in the file's last full sector, which the block list ends with.
    times 305 * 512 - 4 - ($ - $$) db 0
    db 'NTLE'
    times 156496 - ($ - $$) db 0
