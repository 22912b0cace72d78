# Whole disks: partition table by sfdisk, NT-style CHS values, volumes by mkntfs and mkfs.fat.
# SPDX-License-Identifier: GPL-3.0-or-later
import os
import struct

from . import tools

SECTOR = 512


def chs(lba, heads, spt):
    """As NT's disk administrator writes it: beyond cylinder 1023 the last representable sector."""
    cylinder, rest = divmod(lba, heads * spt)
    if cylinder > 1023:
        return 1023, heads - 1, spt
    return cylinder, rest // spt, rest % spt + 1


def chs_bytes(lba, heads, spt):
    cylinder, head, sector = chs(lba, heads, spt)
    return bytes([head, sector | cylinder >> 2 & 0xC0, cylinder & 0xFF])


def _fix_chs(table, disk, base=0):
    """Rewrites the CHS bytes of the four entries of one table sector; `base` is what their LBA starts count from."""
    for i in range(4):
        at = 0x1BE + 16 * i
        if table[at + 4]:
            start, sectors = struct.unpack_from("<II", table, at + 8)
            start += base
            table[at + 1:at + 4] = chs_bytes(start, disk["heads"], disk["spt"])
            table[at + 5:at + 8] = chs_bytes(start + sectors - 1, disk["heads"], disk["spt"])


def partition(path, disk):
    """Makes the sparse disk file with its partition table and signature."""
    with open(path, "wb") as out:
        out.truncate(disk["sectors"] * SECTOR)
    script = [f"label: dos\nlabel-id: 0x{disk['signature']:08x}\nunit: sectors\n"]
    for number, p in enumerate(disk["partitions"], 1):
        named = f"{path}5 : " if p.get("logical") else f"{path}{number} : "
        script.append(f"{named}start={p['start']}, size={p['sectors']}, type={p['type']:x}" + (", bootable" if p.get("active") else ""))
    tools.run(["sfdisk", "--no-reread", "--no-tell-kernel", "-q", "--wipe", "never", path], input="\n".join(script) + "\n")
    with open(path, "r+b") as file:
        table = bytearray(file.read(SECTOR))
        _fix_chs(table, disk)
        file.seek(0)
        file.write(table)
        for p in disk["partitions"]:
            if p.get("logical"):
                file.seek(p["ebr"] * SECTOR)
                table = bytearray(file.read(SECTOR))
                _fix_chs(table, disk, p["ebr"])
                file.seek(p["ebr"] * SECTOR)
                file.write(table)


def write_boot_code(path, disk, code):
    with open(path, "r+b") as file:
        file.write(code[:0x1B8])
        file.seek(0x1B8)
        assert file.read(4) == struct.pack("<I", disk["signature"])


def make_volume(path, p, disk):
    """An empty volume in a file of its own, with the BPB of its place on the disk."""
    with open(path, "wb") as out:
        out.truncate(p["sectors"] * SECTOR)
    if p["fs"] == "ntfs":
        tools.run(["mkntfs", "-F", "-Q", "-q", "-s", "512", "-c", str(p.get("cluster", 4096)), "-p", str(p["start"]), "-H", str(disk["heads"]),
                   "-S", str(disk["spt"]), "-L", p.get("label", ""), path, str(p["sectors"])])
    else:
        tools.run(["mkfs.fat", "-F", "16" if p["fs"] == "fat16" else "12", "-s", str(p.get("cluster", 65536) // SECTOR), "-h", str(p["start"]), "-g",
                   f"{disk['heads']}/{disk['spt']}", "-r", "512", "-i", "4c4b%04x" % (p["start"] & 0xFFFF), "-n", p.get("label", "NO NAME"), path])


def copy_sparse(source, target, offset):
    """Puts a volume into the disk; holes stay holes."""
    with open(source, "rb") as src, open(target, "r+b") as dst:
        size, at = os.fstat(src.fileno()).st_size, 0
        while at < size:
            try:
                begin = os.lseek(src.fileno(), at, os.SEEK_DATA)
            except OSError:
                break
            end = os.lseek(src.fileno(), begin, os.SEEK_HOLE)
            src.seek(begin)
            dst.seek(offset + begin)
            left = end - begin
            while left:
                block = src.read(min(left, 1 << 20))
                dst.write(block)
                left -= len(block)
            at = end


def copy_range(source, target, start, sectors):
    """Copies sectors `start`… of one disk to the same place of another: a mirror's second member."""
    with open(source, "rb") as src, open(target, "r+b") as dst:
        for at in range(start * SECTOR, (start + sectors) * SECTOR, 1 << 20):
            src.seek(at)
            block = src.read(min(1 << 20, (start + sectors) * SECTOR - at))
            if block.strip(b"\0"):
                dst.seek(at)
                dst.write(block)


def spread(volume, members, chunk):
    """Deals a volume's chunks out to stripe members: [(disk file, first sector)], round robin from the first."""
    files = [open(path, "r+b") for path, _ in members]
    with open(volume, "rb") as src:
        index = 0
        while block := src.read(chunk):
            if block.strip(b"\0"):
                row, column = divmod(index, len(members))
                files[column].seek(members[column][1] * SECTOR + row * chunk)
                files[column].write(block)
            index += 1
    for file in files:
        file.close()


def spread_with_parity(volume, members, chunk):
    """As spread(), with parity: in row 0 on the last member, in row 1 on the first, then forward by one; data in member
    order. So the paper on disk striping in Microsoft's MSDN Library of 1998 describes FTDISK (section "Disk Striping")."""
    files = [open(path, "r+b") for path, _ in members]
    count = len(members)
    with open(volume, "rb") as src:
        row = 0
        while data := src.read(chunk * (count - 1)):
            data = data.ljust(chunk * (count - 1), b"\0")
            blocks = [data[i * chunk:(i + 1) * chunk] for i in range(count - 1)]
            parity = 0
            for block in blocks:
                parity ^= int.from_bytes(block, "little")
            blocks.insert((row + count - 1) % count, parity.to_bytes(chunk, "little"))
            for column, block in enumerate(blocks):
                if block.strip(b"\0"):
                    files[column].seek(members[column][1] * SECTOR + row * chunk)
                    files[column].write(block)
            row += 1
    for file in files:
        file.close()


def spread_end_to_end(volume, members):
    """Fills the members one after the other, as a volume set: [(disk file, first sector, sectors)]."""
    with open(volume, "rb") as src:
        for path, start, sectors in members:
            with open(path, "r+b") as file:
                for done in range(0, sectors * SECTOR, 1 << 20):
                    block = src.read(min(1 << 20, sectors * SECTOR - done))
                    if block.strip(b"\0"):
                        file.seek(start * SECTOR + done)
                        file.write(block)


def set_boot_code(path, p, code, blocks):
    """Puts the volume boot sector's code and NTLDR's block list in; the BPB stays. NTFS keeps its copy (last sector) equal."""
    first, table = (0x54, 0x1C0) if p["fs"] == "ntfs" else (0x3E, 0x1C0)
    assert code[0x1BC:0x1C0] == b"BLKL"
    if len(blocks) > 7:
        raise tools.Failure(f"NTLDR lies in {len(blocks)} pieces; the boot sector has room for 7")
    with open(path, "r+b") as file:
        sector = bytearray(file.read(SECTOR))
        sector[0:3] = code[0:3]
        sector[first:SECTOR] = code[first:SECTOR]
        for i, (start, count) in enumerate(blocks):
            struct.pack_into("<II", sector, table + 8 * i, start, count)
        file.seek(0)
        file.write(sector)
        if p["fs"] == "ntfs":
            file.seek((p["sectors"] - 1) * SECTOR)
            file.write(sector)


def bpb(path):
    with open(path, "rb") as file:
        sector = file.read(SECTOR)
    return {"sectors_per_track": struct.unpack_from("<H", sector, 0x18)[0], "heads": struct.unpack_from("<H", sector, 0x1A)[0],
            "hidden_sectors": struct.unpack_from("<I", sector, 0x1C)[0], "sectors_per_cluster": sector[0x0D]}
