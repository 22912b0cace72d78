; Stand-in for NTDETECT.COM: only its name, place and size matter to a migration; it says so when it is run.
; SPDX-License-Identifier: GPL-3.0-or-later
bits 16
org 0x100
    mov ah, 9
    mov dx, text
    int 0x21
    ret
text: db "NTDETECT stand-in", 13, 10, "$"
    times 26816 - ($ - $$) db 0
