# Filling volumes from a list of files, and asking where a file lies.
# SPDX-License-Identifier: GPL-3.0-or-later
import os
import re
import shutil
import struct

from . import tools
from .disk import SECTOR

READ_ONLY, HIDDEN, SYSTEM, ARCHIVE = 1, 2, 4, 0x20


class Tree:
    """Files for one volume, in the order in which they are written: path ("WINNT/system32/…") -> attributes and bytes."""

    def __init__(self, staging):
        self.staging = staging
        self.files = {}
        self.folders = []

    def folder(self, path):
        parts = path.split("/")
        for i in range(1, len(parts) + 1):
            name = "/".join(parts[:i])
            if name and name not in self.folders:
                self.folders.append(name)

    def add(self, path, data, attributes=ARCHIVE):
        if "/" in path:
            self.folder(path.rsplit("/", 1)[0])
        source = os.path.join(self.staging, path)
        tools.write(source, data)
        self.files[path] = (attributes, source)


def _fat_name(path):
    return "::/" + path


def fill(image, p, tree, cache, options=()):
    """Copies the tree in; returns nothing. `options` are further lines for the NTFS helper, run after the files."""
    if p["fs"] == "ntfs":
        lines = [f"V\t{p.get('version', '1.2').replace('.', chr(9))}"]
        lines += [f"M\t/{folder}" for folder in tree.folders]
        lines += [f"F\t{attributes}\t/{path}\t{source}" for path, (attributes, source) in tree.files.items()]
        lines += list(options)
        tools.run([tools.populate_program(cache), image], input="\n".join(lines) + "\n")
        return
    environment = dict(os.environ, MTOOLS_SKIP_CHECK="1", MTOOLS_NO_VFAT="0")
    if tree.folders:
        tools.run(["mmd", "-i", image] + [_fat_name(f) for f in tree.folders], env=environment)
    by_folder = {}
    for path, (_, source) in tree.files.items():
        by_folder.setdefault(os.path.dirname(path), []).append(source)
    for folder, sources in by_folder.items():
        tools.run(["mcopy", "-i", image, "-o"] + sources + [_fat_name(folder)], env=environment)
    for path, (attributes, _) in tree.files.items():
        flags = [f for bit, f in ((READ_ONLY, "+r"), (HIDDEN, "+h"), (SYSTEM, "+s")) if attributes & bit]
        if flags:
            tools.run(["mattrib", "-i", image] + flags + [_fat_name(path)], env=environment)


def blocks_of(image, p, path, cache):
    """Where a file lies: [(first sector in the volume, sectors)], by libntfs-3g or by mshowfat."""
    if p["fs"] == "ntfs":
        per_cluster = p.get("cluster", 4096) // SECTOR
        said = tools.run([tools.populate_program(cache), image], input=f"X\t/{path}\n")
        return [(int(lcn) * per_cluster, int(count) * per_cluster) for _, lcn, count in (line.split("\t") for line in said.splitlines())]
    with open(image, "rb") as file:
        sector = file.read(SECTOR)
    per_cluster, reserved, fats, roots, _, _, fat_sectors = struct.unpack_from("<BHBHHBH", sector, 0x0D)
    data = reserved + fats * fat_sectors + roots * 32 // SECTOR
    said = tools.run(["mshowfat", "-i", image, _fat_name(path)], env=dict(os.environ, MTOOLS_SKIP_CHECK="1"))
    runs = []
    for first, last in re.findall(r"<(\d+)(?:-(\d+))?>", said):
        count = int(last or first) - int(first) + 1
        runs.append((data + (int(first) - 2) * per_cluster, count * per_cluster))
    return runs


def limit(blocks, sectors):
    """The first `sectors` sectors of a block list."""
    out = []
    for start, count in blocks:
        if sectors > 0:
            out.append((start, min(count, sectors)))
            sectors -= count
    return out


def clean(folder):
    shutil.rmtree(folder, ignore_errors=True)
