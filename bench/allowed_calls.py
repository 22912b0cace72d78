# How many x86-64 system calls the seccomp filters of a running thread let through. Needs root.
# SPDX-License-Identifier: GPL-3.0-or-later
#
# seccomp(2), ptrace(2) PTRACE_SECCOMP_GET_FILTER; classic BPF as in Linux Documentation/networking/filter.rst.
import ctypes
import os
import struct

PTRACE_DETACH, PTRACE_SEIZE, PTRACE_INTERRUPT, PTRACE_SECCOMP_GET_FILTER = 17, 0x4206, 0x4207, 0x420C
WALL = 0x40000000
ARCH_X86_64 = 0xC000003E
ALLOW, LOG = 0x7FFF0000, 0x7FFC0000
CALLS = 462  # of Linux 6.8

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.restype = ctypes.c_long
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]


def filters(tid):
    """The programs of a thread, each a list of (code, jt, jf, k)."""
    if libc.ptrace(PTRACE_SEIZE, tid, None, None) != 0:
        raise OSError(ctypes.get_errno(), f"ptrace of {tid}")
    try:
        libc.ptrace(PTRACE_INTERRUPT, tid, None, None)
        os.waitpid(tid, WALL)
        found = []
        while True:
            buffer = ctypes.create_string_buffer(8 * 4096)
            count = libc.ptrace(PTRACE_SECCOMP_GET_FILTER, tid, len(found), buffer)
            if count < 0:
                return found
            found.append([struct.unpack_from("<HBBI", buffer, 8 * i) for i in range(count)])
    finally:
        libc.ptrace(PTRACE_DETACH, tid, None, None)


def allows(program, number):
    """Whether some arguments of this call are let through: a comparison of an argument may go either way."""
    data = {0: number, 4: ARCH_X86_64}
    todo, seen = [(0, 0)], set()
    while todo:
        at, value = todo.pop()
        if (at, value) in seen:
            continue
        seen.add((at, value))
        code, jt, jf, k = program[at]
        if code == 0x20:  # ld [k]; None: an argument
            todo.append((at + 1, data.get(k)))
        elif code == 0x06:  # ret k
            if k & 0xFFFF0000 in (ALLOW, LOG):
                return True
        elif code == 0x05:  # ja
            todo.append((at + 1 + k, value))
        elif code & 0x07 == 0x05:  # jeq, jgt, jge, jset
            test = {0x10: lambda a: a == k, 0x20: lambda a: a > k, 0x30: lambda a: a >= k, 0x40: lambda a: a & k != 0}[code & 0xF0]
            ways = (True, False) if value is None else (test(value),)
            todo += [(at + 1 + (jt if way else jf), value) for way in ways]
        else:  # arithmetic on an argument
            todo.append((at + 1, None))
    return False


def allowed(tid):
    programs = filters(tid)
    return sum(all(allows(program, number) for program in programs) for number in range(CALLS))


def by_thread(pids):
    """Name of each thread: how many calls."""
    found = {}
    for pid in pids:
        for tid in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{tid}/comm") as file:
                found[file.read().strip()] = allowed(int(tid))
    return found
