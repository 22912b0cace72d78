# 32-bit PE files that stand for NT's: built by mingw-w64, none of Microsoft's bytes.
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each image is assembled and linked once (native subsystem, real import and export tables, version resource, right
checksum). An edition of it (RTM, SP3, SP5, SP6a, Terminal Server) differs in the binary file version, an edition mark in
the data, the file's size and the checksum, as service packs do."""
import concurrent.futures
import hashlib
import os
import struct

from . import tools

COMPANY = "NTFerry lookalike, not Microsoft"
# edition -> last part of the file version
EDITIONS = {"rtm": 1, "sp3": 4, "sp5": 204, "sp6a": 335, "tse": 32804, "tse-sp6": 33580, "nt351": 1, "win2000": 6717}
BASES = {"nt351": (3, 51, 1057), "win2000": (5, 0, 2195)}  # NT 4.0 is (4, 0, 1381)

EXPORTS = {
    "ntoskrnl.exe": ("DbgPrint ExAllocatePoolWithTag ExFreePool IoCreateDevice IoDeleteDevice IofCallDriver IofCompleteRequest "
                     "KeBugCheckEx KeInitializeSpinLock KeSetEvent KiDispatchInterrupt KiDeliverApc MmMapIoSpace "
                     "ObReferenceObjectByHandle RtlInitUnicodeString ZwOpenKey NtBuildNumber"),
    "HAL.dll": ("HalGetInterruptVector HalInitSystem HalInitializeProcessor HalReturnToFirmware HalTranslateBusAddress "
                "KfAcquireSpinLock KfLowerIrql KfRaiseIrql KfReleaseSpinLock KeStallExecutionProcessor READ_PORT_UCHAR "
                "READ_PORT_ULONG WRITE_PORT_UCHAR WRITE_PORT_ULONG"),
    "SCSIPORT.SYS": "ScsiPortInitialize ScsiPortNotification ScsiPortGetDeviceBase ScsiPortReadPortUchar ScsiPortWritePortUchar",
    "CLASS2.SYS": "ScsiClassInitialize ScsiClassIoComplete ScsiClassSendSrbSynchronous ScsiClassDeviceControl",
    "TAPE.SYS": "TapeClassInitialize TapeClassIoComplete",
    "NDIS.SYS": "NdisInitializeWrapper NdisMRegisterMiniport NdisMSetAttributes NdisRegisterProtocol NdisOpenConfiguration",
    "TDI.SYS": "TdiRegisterDeviceObject TdiCopyBufferToMdl TdiMapUserRequest TdiDefaultReceiveHandler",
    "VIDEOPRT.SYS": "VideoPortInitialize VideoPortGetAccessRanges VideoPortMapMemory VideoPortReadPortUchar",
    "win32k.sys": "EngCreateBitmap EngDeviceIoControl EngAllocMem EngCreatePalette",
    "ntdll.dll": "NtClose NtCreateFile NtOpenKey LdrLoadDll RtlAllocateHeap RtlInitUnicodeString",
    "KERNEL32.dll": "CloseHandle CreateFileA GetLastError ExitProcess LoadLibraryA",
}
# which of a module's names an image really calls, where it is not just the first three
CALLS = {
    "hal": {"ntoskrnl.exe": "KeBugCheckEx KiDispatchInterrupt KiDeliverApc IoCreateDevice"},
    "kernel": {"HAL.dll": "HalInitSystem HalInitializeProcessor KfAcquireSpinLock KfLowerIrql"},
}


class Image:
    def __init__(self, path, description, imports, size_sp3, size_sp5, where):
        self.path, self.description = path, description
        self.name = path.rsplit("/", 1)[-1]
        self.imports = [] if imports == "-" else imports.split(",")
        self.size = {"sp3": size_sp3, "sp5": size_sp5, "sp6a": size_sp5}
        self.on_cd, self.in_sp, self.vendor = "c" in where, "s" in where, "o" in where

    def family(self):
        if self.name.startswith("hal") or self.name.endswith("hal.dll"):
            return "hal"
        return "kernel" if self.name in ("ntoskrnl.exe", "ntkrnlmp.exe") else ""

    def module(self):
        """The module name that others import this one by."""
        if self.family() == "hal":
            return "HAL.dll"
        if self.family() == "kernel":
            return "ntoskrnl.exe"
        return next((m for m in EXPORTS if m.lower() == self.name), None)


def images():
    found = {}
    with open(os.path.join(os.path.dirname(__file__), "images.txt"), encoding="utf-8") as table:
        for line in table:
            if line.strip() and not line.startswith("#"):
                path, description, imports, sp3, sp5, where = [f.strip() for f in line.split("|")]
                image = Image(path, description, imports, *(int(s) if s != "-" else 0 for s in (sp3, sp5)), where)
                found[image.name] = image
    return found


def checksum(data):
    """The optional header's CheckSum: 16-bit sums with carry over the file, its own field as zero, plus the length."""
    offset = struct.unpack_from("<I", data, 0x3C)[0] + 88
    copy = bytearray(data) + bytes(len(data) % 2)
    struct.pack_into("<I", copy, offset, 0)
    total = sum(struct.unpack(f"<{len(copy) // 2}H", copy))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total + len(data)


def _import_library(module, folder):
    library = os.path.join(folder, f"lib{module.lower()}.a")
    definition = library[:-2] + ".def"
    tools.write(definition, f"LIBRARY {module}\nEXPORTS\n" + "\n".join(EXPORTS[module].split()) + "\n")
    tools.run(["i686-w64-mingw32-dlltool", "-d", definition, "-l", library])
    return library


def _link(image, folder, libraries):
    stem = os.path.join(folder, image.name)
    called = []
    for module in image.imports:
        chosen = CALLS.get(image.family(), {}).get(module) or " ".join(EXPORTS[module].split()[:3])
        called += chosen.split()
    exported = EXPORTS.get(image.module(), "").split()
    code = [".intel_syntax noprefix", ".text", ".globl _image_entry", "_image_entry:", "xor eax, eax", "ret 8"]
    code += ["_body:"] + [f"call dword ptr [__imp__{name}]" for name in called] + ["ret"]
    for name in exported:
        code += [f".globl _{name}", f"_{name}:", "xor eax, eax", "ret"]
    code += [".data", ".long _image_entry", f'.asciz "{image.description}"', '.ascii "NTFERRY-EDITION:"', ".space 16"]
    tools.write(stem + ".s", "\n".join(code) + "\n")
    tools.run(["i686-w64-mingw32-as", "-o", stem + ".o", stem + ".s"])
    kind = "VFT_DLL" if image.name.endswith(".dll") else "VFT_APP" if image.name.endswith(".exe") else "VFT_DRV"
    values = {"CompanyName": COMPANY, "FileDescription": image.description, "FileVersion": "4.00",
              "InternalName": image.name, "LegalCopyright": "GPL-3.0-or-later", "OriginalFilename": image.name,
              "ProductName": "NTFerry lookalike server", "ProductVersion": "4.00"}
    lines = ['#include <winver.h>', "1 VERSIONINFO", "FILEVERSION 4,0,1381,1", "PRODUCTVERSION 4,0,1381,1", "FILEOS VOS_NT_WINDOWS32",
             f"FILETYPE {kind}", "BEGIN", 'BLOCK "StringFileInfo"', "BEGIN", 'BLOCK "040904B0"', "BEGIN"]
    lines += [f'VALUE "{k}", "{v}\\0"' for k, v in values.items()]
    lines += ["END", "END", 'BLOCK "VarFileInfo"', "BEGIN", 'VALUE "Translation", 0x409, 1200', "END", "END"]
    tools.write(stem + ".rc", "\n".join(lines) + "\n")
    tools.run(["i686-w64-mingw32-windres", "-O", "coff", stem + ".rc", stem + ".res.o"])
    subsystem = "windows:4.0" if image.module() == "KERNEL32.dll" or "KERNEL32.dll" in image.imports else "native:4.0"
    command = ["i686-w64-mingw32-ld", "--subsystem", subsystem, "-e", "_image_entry", "-o", stem, "--no-insert-timestamp",
               "--enable-reloc-section", "--image-base", "0x77f00000" if image.name.endswith(".dll") else "0x10000",
               "--major-os-version", "4", "--minor-os-version", "0", stem + ".o", stem + ".res.o"]
    if image.name.endswith(".dll"):
        command.append("--dll")
    if exported:
        word = "LIBRARY" if image.name.endswith(".dll") else "NAME"
        tools.write(stem + ".def", f"{word} {image.name}\nEXPORTS\n" + "\n".join(exported) + "\n")
        command.append(stem + ".def")
    tools.run(command + [libraries[m] for m in image.imports])


def linked(cache):
    """Folder with every image linked once; made on first use."""
    sources = b"".join(tools.read(os.path.join(os.path.dirname(__file__), f)) for f in ("pe.py", "images.txt"))
    folder = os.path.join(cache, "pe-" + hashlib.sha256(sources).hexdigest()[:16])
    if not os.path.isdir(folder):
        new = tools.temporary(folder)
        os.makedirs(new, exist_ok=True)
        libraries = {module: _import_library(module, new) for module in EXPORTS}
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda image: _link(image, new, libraries), images().values()))
        os.rename(new, folder)
    return folder


def file_version(which):
    return "{}.{}.{}.{}".format(*BASES.get(which, (4, 0, 1381)), EDITIONS[which])


def edition(image, which, cache):
    """The bytes of an image in one edition."""
    data = bytearray(tools.read(os.path.join(linked(cache), image.name)))
    major, minor, build = BASES.get(which, (4, 0, 1381))
    fixed = data.find(b"\xbd\x04\xef\xfe")
    struct.pack_into("<IIII", data, fixed + 8, *([major << 16 | minor, build << 16 | EDITIONS[which]] * 2))
    mark = data.find(b"NTFERRY-EDITION:") + 16
    data[mark:mark + 16] = which.encode().ljust(16, b"\0")
    size = image.size.get(which, 0)
    if size > len(data):
        data += (f"{image.name} {which} ".encode() * (size // 8))[:size - len(data)]
    struct.pack_into("<I", data, struct.unpack_from("<I", data, 0x3C)[0] + 88, checksum(data))
    return bytes(data)
