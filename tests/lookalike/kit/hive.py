# Registry hives in the format of NT 4.0 (regf 1.3: lf lists, every key has a security cell), made with hivexregedit.
# SPDX-License-Identifier: GPL-3.0-or-later
"""An empty 1.3 hive is written here (hivex only ships a 1.5 one), hivexregedit fills it from .reg text, and the subkey
lists that hivex adds as `lh` (a list kind newer than 1.3) become `lf`, sorted by upper-cased name. The layout follows
msuhanov's "Windows registry file format specification"."""
import hashlib
import os
import struct
import subprocess

from . import tools

BASE_BLOCK = 4096
FILETIME = 0x01BFC0D0A0B0C0D0  # some day in May 2000; every hive of a disk carries it


def checksum(block):
    value = 0
    for dword in struct.unpack("<127I", block[:508]):
        value ^= dword
    return {0: 1, 0xFFFFFFFF: 0xFFFFFFFE}.get(value, value)


def with_checksum(block):
    block = bytearray(block)
    struct.pack_into("<I", block, 508, checksum(block))
    return bytes(block)


def base_block(data_size, name, sequence=(7, 7), file_type=0):
    block = bytearray(BASE_BLOCK)
    struct.pack_into("<4sIIQIIIIII", block, 0, b"regf", sequence[0], sequence[1], FILETIME, 1, 3, file_type, 1, 0x20, data_size)
    struct.pack_into("<I", block, 0x2C, 1)
    text = name.encode("utf-16-le")[:62]
    block[0x30:0x30 + len(text)] = text
    return with_checksum(block)


def descriptor():
    """Self-relative: owner and group Administrators; full access for Administrators and SYSTEM, read for Everyone."""
    def sid(authority, *parts):
        return struct.pack("<BB", 1, len(parts)) + authority.to_bytes(6, "big") + b"".join(struct.pack("<I", p) for p in parts)

    def allow(mask, who):
        return struct.pack("<BBHI", 0, 2, 8 + len(who), mask) + who

    admins = sid(5, 32, 544)
    entries = [allow(0xF003F, admins), allow(0xF003F, sid(5, 18)), allow(0x20019, sid(1, 0))]
    acl = b"".join(entries)
    acl = struct.pack("<BBHHH", 2, 0, 8 + len(acl), len(entries), 0) + acl
    at = 20
    return struct.pack("<BBHIIII", 1, 0, 0x8004, at, at + len(admins), 0, at + 2 * len(admins)) + admins + admins + acl


def empty(name):
    root_name = b"$$$PROTO.HIV"
    key = struct.pack("<2sHQIIIIIIIIIIIIIIIHH", b"nk", 0x2C, FILETIME, 0, 0xFFFFFFFF, 0, 0, 0xFFFFFFFF, 0xFFFFFFFF, 0,
                      0xFFFFFFFF, 0, 0xFFFFFFFF, 0, 0, 0, 0, 0, len(root_name), 0) + root_name
    key_size = (4 + len(key) + 7) & ~7
    security_at = 0x20 + key_size
    key = bytearray(key)
    struct.pack_into("<I", key, 0x2C, security_at)
    sd = descriptor()
    security = struct.pack("<2sHIIII", b"sk", 0, security_at, security_at, 1, len(sd)) + sd
    security_size = (4 + len(security) + 7) & ~7
    bin_ = bytearray(4096)
    struct.pack_into("<4sII", bin_, 0, b"hbin", 0, 4096)
    struct.pack_into("<Q", bin_, 0x14, FILETIME)
    struct.pack_into("<i", bin_, 0x20, -key_size)
    bin_[0x24:0x24 + len(key)] = key
    struct.pack_into("<i", bin_, security_at, -security_size)
    bin_[security_at + 4:security_at + 4 + len(security)] = security
    free = security_at + security_size
    struct.pack_into("<i", bin_, free, 4096 - free)
    return base_block(4096, name) + bytes(bin_)


def to_format_13(data):
    """lh lists become lf lists, sorted as NT sorts; sequence numbers equal; checksum right."""
    data = bytearray(data)

    def cell(offset):
        return BASE_BLOCK + offset + 4

    def name_of(offset):
        at = cell(offset)
        flags, = struct.unpack_from("<H", data, at + 2)
        length, = struct.unpack_from("<H", data, at + 0x48)
        raw = bytes(data[at + 0x4C:at + 0x4C + length])
        return raw.decode("latin-1") if flags & 0x20 else raw.decode("utf-16-le")

    def fix_list(offset):
        at = cell(offset)
        kind, count = bytes(data[at:at + 2]), struct.unpack_from("<H", data, at + 2)[0]
        if kind in (b"ri", b"li"):
            raise tools.Failure(f"hive: unexpected subkey list {kind!r}; hivex changed how it writes lists")
        children = [struct.unpack_from("<I", data, at + 4 + 8 * i)[0] for i in range(count)]
        children.sort(key=lambda child: name_of(child).upper())
        data[at:at + 2] = b"lf"
        for i, child in enumerate(children):
            hint = name_of(child).encode("latin-1", "replace")[:4].ljust(4, b"\0")
            struct.pack_into("<I4s", data, at + 4 + 8 * i, child, hint)
        return children

    security = None

    def walk(offset):
        nonlocal security
        at = cell(offset)
        struct.pack_into("<Q", data, at + 4, FILETIME)
        security = security or struct.unpack_from("<I", data, at + 0x2C)[0]
        struct.pack_into("<I", data, at + 0x2C, security)
        total = 1
        count, = struct.unpack_from("<I", data, at + 0x14)
        if count:
            for child in fix_list(struct.unpack_from("<I", data, at + 0x1C)[0]):
                total += walk(child)
        return total

    keys = walk(struct.unpack_from("<I", data, 0x24)[0])
    struct.pack_into("<I", data, cell(security) + 12, keys)  # reference count of the one security cell
    struct.pack_into("<II", data, 4, 7, 7)
    struct.pack_into("<Q", data, 12, FILETIME)
    data[:BASE_BLOCK] = with_checksum(data[:512]) + bytes(data[512:BASE_BLOCK])
    return bytes(data)


def make(name, prefix, reg_text, cache):
    """The bytes of a hive called `name` (as in its base block), filled from .reg text whose keys begin with `prefix`."""
    source = hashlib.sha256((name + prefix + reg_text + open(__file__).read()).encode()).hexdigest()
    kept = os.path.join(cache, "hive-" + source[:24])
    if not os.path.exists(kept):
        work, reg = tools.temporary(kept + ".new"), tools.temporary(kept + ".reg")
        with open(work, "wb") as out:
            out.write(empty(name))
        with open(reg, "w", encoding="utf-8") as out:
            out.write("Windows Registry Editor Version 5.00\n\n" + reg_text)
        tools.run(["hivexregedit", "--merge", "--prefix", prefix, work, reg])
        with open(work, "rb") as filled:
            data = to_format_13(filled.read())
        with open(work, "wb") as out:
            out.write(data)
        os.replace(work, kept)
        os.unlink(reg)
    with open(kept, "rb") as found:
        return found.read()


def clean_log(hive):
    """A log with nothing to replay: base block copy of type 2 with the numbers before the last write, empty bitmap."""
    block = bytearray(hive[:512])
    struct.pack_into("<II", block, 4, 6, 6)
    struct.pack_into("<I", block, 0x1C, 2)
    return with_checksum(block) + b"DIRT".ljust(512, b"\0")


def torn(old, new):
    """A write that power loss cut off: (primary, log). The primary holds old pages and sequence numbers N+1/N; the log
    holds the new pages in the old DIRT format (file type 2), so replaying it gives `new` again."""
    if len(old) != len(new):
        raise tools.Failure("hive: the two states differ in size; use values of equal length")
    pages = [i for i in range((len(new) - BASE_BLOCK) // 512)
             if old[BASE_BLOCK + 512 * i:][:512] != new[BASE_BLOCK + 512 * i:][:512]]
    primary = bytearray(new)
    for i in pages:
        at = BASE_BLOCK + 512 * i
        primary[at:at + 512] = old[at:at + 512]
    struct.pack_into("<II", primary, 4, 8, 7)
    primary[:512] = with_checksum(primary[:512])
    block = bytearray(new[:512])
    struct.pack_into("<II", block, 4, 8, 8)
    struct.pack_into("<I", block, 0x1C, 2)
    bitmap = bytearray((((len(new) - BASE_BLOCK) // 512) + 7) // 8)
    for i in pages:
        bitmap[i // 8] |= 1 << (i % 8)
    head = b"DIRT" + bytes(bitmap)
    head += bytes(-len(head) % 512)
    log = with_checksum(block) + head + b"".join(new[BASE_BLOCK + 512 * i:][:512] for i in pages)
    return bytes(primary), log, pages
