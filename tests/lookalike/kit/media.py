# Stand-ins for the NT 4.0 CD and the service packs.
# SPDX-License-Identifier: GPL-3.0-or-later
"""As on the real media: most files of \\I386 are one-file MSZIP cabinets (NAME.SY_), some are raw; a few are SZDD here, as
on NT 3.x media and vendor floppies, so that readers meet both. A service pack's folder holds raw files. amdpcn.sys and
dc21x4.sys are on the CD and in no service pack; HALs and both kernels are in both."""
import hashlib
import json
import os

from . import pe, tools, volume, winnt

RAW_ON_CD = {"hal.dll", "ntoskrnl.exe", "halmps.dll"}
SZDD_ON_CD = {"vga.dll", "framebuf.dll", "sermouse.sys", "autochk.exe"}
# folder -> (edition, a CD or a service pack)
SETS = {"cd": ("rtm", True), "sp3": ("sp3", False), "sp5": ("sp5", False), "sp6a": ("sp6a", False), "tse-cd": ("tse", True),
        "tse-sp6": ("tse-sp6", False)}


def txtsetup(names):
    lines = ["; likeness of a setup information file", "[Version]", 'signature = "$Windows NT$"', "ClassGuid = {00000000}", "[SourceDisksNames]",
             '1 = "Windows NT Server CD",\\cdrom_s.40,,\\i386', "[SourceDisksFiles]"]
    lines += [f"{name} = 1,,,,,,,{4 if name.endswith('.sys') else 2},0,0" for name in sorted(names)]
    lines += ["[hal]", 'e_isa_up = hal.dll', 'mps_mp = halmps.dll', 'mps_up = halapic.dll', 'syspro_mp = halsp.dll', "[Computer]",
              'e_isa_up = "Standard PC",files.none', 'mps_mp = "MPS Multiprocessor PC",files.none', "[ntoskrnl]", "up = ntoskrnl.exe",
              "mp = ntkrnlmp.exe"]
    return "\r\n".join(lines) + "\r\n"


def make(folder, cache):
    tools.need("gcab", "mscompress", "xorriso", "nasm", "i686-w64-mingw32-as", "i686-w64-mingw32-gcc")
    os.makedirs(cache, exist_ok=True)
    os.makedirs(folder, exist_ok=True)
    work = tools.temporary(os.path.join(folder, ".work"))
    os.makedirs(work, exist_ok=True)
    boot = winnt.stand_ins(work)
    images = pe.images()
    facts = {}
    for name, (which, is_cd) in SETS.items():
        root = f"{name}/I386" if is_cd else name
        files = {}

        def put(path, data, original, form, plain):
            tools.write(os.path.join(folder, path), data)
            files[path] = {"original": original, "form": form, "sha256": hashlib.sha256(plain).hexdigest(), "size": len(plain)}

        chosen = [i for i in images.values() if (i.on_cd if is_cd else i.in_sp)]
        for image in chosen:
            data = pe.edition(image, which, cache)
            short = image.name[:-1] + "_"
            if not is_cd:
                put(f"{root}/{image.name}", data, image.name, "raw", data)
            elif image.name in RAW_ON_CD:
                put(f"{root}/{image.name.upper()}", data, image.name, "raw", data)
            elif image.name in SZDD_ON_CD:
                put(f"{root}/{short.upper()}", winnt.compressed_szdd(image.name, data, work), image.name, "szdd", data)
            else:
                put(f"{root}/{short.upper()}", winnt.compressed_cab(image.name, data, work), image.name, "mszip", data)
        for loader, key in (("NTLDR", "ntldr"), ("NTDETECT.COM", "ntdetect")):
            put(f"{root}/{loader}", boot[key], loader.lower(), "raw", boot[key])
        if is_cd:
            text = txtsetup([i.name for i in chosen]).encode()
            put(f"{root}/TXTSETUP.SIF", text, "txtsetup.sif", "raw", text)
            put(f"{name}/{'CDROM_S.40' if name == 'cd' else 'CDROM_TS.40'}", b"\r\n", "", "raw", b"\r\n")
            tools.run(["xorriso", "-as", "mkisofs", "-quiet", "-iso-level", "1", "-V", "NTSRV40A" if name == "cd" else "NTTSE40",
                       "-o", os.path.join(folder, name + ".iso"), os.path.join(folder, name)])
        else:
            text = f'[Version]\r\nSignature="$Windows NT$"\r\n[Strings]\r\nSERVICE_PACK_NUMBER="{name}"\r\n'.encode()
            put(f"{root}/update.inf", text, "update.inf", "raw", text)
        facts[name] = {"edition": which, "folder": root, "iso": name + ".iso" if is_cd else "",
                       "file_version": pe.file_version(which), "files": files}
    volume.clean(work)
    tools.write(os.path.join(folder, "media.json"), json.dumps(facts, indent=1).encode())
    return facts
