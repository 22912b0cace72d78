# Running the independent tools, and where made things are kept.
# SPDX-License-Identifier: GPL-3.0-or-later
import os
import shutil
import subprocess


class Failure(Exception):
    """Something outside is missing or wrong; the message is for the user."""


# program -> Debian package
PACKAGES = {
    "sfdisk": "fdisk", "mkntfs": "ntfs-3g", "mkfs.fat": "dosfstools", "mcopy": "mtools", "mshowfat": "mtools",
    "hivexregedit": "libwin-hivex-perl", "gcab": "gcab", "mscompress": "mscompress", "nasm": "nasm", "xorriso": "xorriso",
    "i686-w64-mingw32-as": "binutils-mingw-w64-i686", "i686-w64-mingw32-ld": "binutils-mingw-w64-i686",
    "i686-w64-mingw32-windres": "binutils-mingw-w64-i686", "i686-w64-mingw32-dlltool": "binutils-mingw-w64-i686",
    "i686-w64-mingw32-gcc": "gcc-mingw-w64-i686",
}
HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
os.environ["PATH"] += ":/usr/sbin:/sbin"


def need(*programs):
    missing = sorted({PACKAGES.get(p, p) for p in programs if not shutil.which(p)})
    if missing:
        raise Failure("missing packages: " + " ".join(missing))


def run(command, **options):
    """Runs a tool; its output is shown only when it fails. Returns standard output as text."""
    if not shutil.which(command[0]) and "/" not in command[0]:
        need(command[0])
    result = subprocess.run(command, capture_output=True, text=True, **options)
    if result.returncode:
        said = (result.stderr or result.stdout).strip().splitlines()[-6:]
        raise Failure(f"{' '.join(command[:4])}: exit {result.returncode}: " + " | ".join(said))
    return result.stdout


def temporary(path):
    return f"{path}.{os.getpid()}"


def read(path):
    with open(path, "rb") as file:
        return file.read()


def write(path, data):
    """Writes a file as a whole or not at all."""
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with open(temporary(path), "wb") as file:
        file.write(data if isinstance(data, bytes) else data.encode("cp850"))
    os.replace(temporary(path), path)
    return path


def populate_program(cache):
    """The libntfs-3g helper: $LOOKALIKE_POPULATE (CMake builds it), else compiled into the cache."""
    given = os.environ.get("LOOKALIKE_POPULATE")
    if given:
        return given
    source, program = os.path.join(HERE, "populate.cpp"), os.path.join(cache, "lookalike-populate")
    if not os.path.exists(program) or os.path.getmtime(program) < os.path.getmtime(source):
        new = temporary(program)
        run(["c++", "-std=c++20", "-O1", "-D_FILE_OFFSET_BITS=64", source, "-o", new, "-lntfs-3g"])
        os.replace(new, program)
    return program
