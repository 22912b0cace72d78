# What lies on the system and boot partitions of a lookalike server.
# SPDX-License-Identifier: GPL-3.0-or-later
import hashlib
import os
import random
import struct

from . import hive, nt_registry, pe, tools
from .volume import ARCHIVE, HIDDEN, READ_ONLY, SYSTEM

# Files on the CD that Setup installs only when the hardware asks for them.
OPTIONAL = {"amdpcn.sys", "dc21x4.sys", "ne2000.sys", "e100b.sys", "el90x.sys", "netflx3.sys", "atapi.sys", "atdisk.sys", "aic78xx.sys",
            "aha154x.sys", "buslogic.sys", "cpqarray.sys", "cpqfws2e.sys", "symc810.sys", "ql10wnt.sys", "dac960nt.sys", "ati.sys",
            "sysmgmt.sys", "4mmdat.sys", "tape.sys"}


def junk(size, seed):
    """Reproducible bytes that do not compress."""
    block = random.Random(seed).randbytes(1 << 20)
    return b"".join(block[:min(1 << 20, size - at)] for at in range(0, size, 1 << 20))


def compressed_cab(name, data, folder):
    """One-file MSZIP cabinet, as NT 4.0 media and `rdisk` make them."""
    work = os.path.join(folder, "cab")
    tools.write(os.path.join(work, name), data)
    tools.run(["gcab", "-c", "-z", "-n", "out.cab", name], cwd=work)
    made = tools.read(os.path.join(work, "out.cab"))
    os.unlink(os.path.join(work, "out.cab"))
    os.unlink(os.path.join(work, name))
    return made


def compressed_szdd(name, data, folder):
    """SZDD, the kind of NT 3.x media and of COMPRESS.EXE."""
    work = os.path.join(folder, "szdd")
    tools.write(os.path.join(work, name), data)
    tools.run(["mscompress", name], cwd=work)
    made = tools.read(os.path.join(work, name + "_")) if os.path.exists(os.path.join(work, name + "_")) else tools.read(
        os.path.join(work, name[:-1] + "_"))
    for left in os.listdir(work):
        os.unlink(os.path.join(work, left))
    return made


def boot_ini(spec):
    entries = spec["boot_ini"]
    lines = ["[boot loader]", f"timeout={spec.get('timeout', 30)}", f"default={entries[0][0]}", "[operating systems]"]
    lines += [f'{arc}="{text}"{" " + switches if switches else ""}' for arc, text, switches in entries]
    return "\r\n".join(lines) + "\r\n"


def stand_ins(work):
    tools.need("nasm")
    made = {}
    for name, source, options in (("mbr", "mbr", []), ("ntldr", "ntldr", []), ("ntdetect", "ntdetect", []),
                                  ("vbr-ntfs", "vbr", ["-DBPB_END=0x54"]), ("vbr-fat", "vbr", ["-DBPB_END=0x3e"])):
        out = os.path.join(work, name + ".bin")
        tools.run(["nasm", "-f", "bin", *options, "-o", out, os.path.join(tools.HERE, "boot", source + ".asm")])
        made[name] = tools.read(out)
    return made


def setup_log(spec, images, cache):
    root = spec["root"]
    lines = ["[Paths]", f'TargetDirectory="\\{root}"', f'TargetDevice="{spec["boot_device"]}"', f'SystemPartitionDirectory="\\"',
             f'SystemPartition="{spec["system_device"]}"', "[Signature]", 'Version="WinNt4.0"', "[Files.SystemPartition]",
             'ntldr="ntldr","26d4c"', 'NTDETECT.COM="NTDETECT.COM","b5bf"', "[Files.WinNt]"]
    listed = dict(spec, kernel="ntoskrnl.exe", hal="hal.dll") if spec.get("setup_log_lies") else spec
    for path, image in installed(listed, images):
        check = pe.checksum(pe.edition(image, spec.get("setup_edition", "rtm"), cache))
        lines.append(f'\\{root}\\{path.replace("/", chr(92))}="{image.name.upper()}","{check:x}"')
    return "\r\n".join(lines) + "\r\n"


def installed(spec, images):
    """(path below the system root, image) of every PE file; kernel and HAL under their fixed names."""
    files = [("system32/ntoskrnl.exe", images[spec["kernel"]]), ("system32/hal.dll", images[spec["hal"]])]
    wanted = set(spec.get("drivers", []))
    for image in images.values():
        if image.family() or (image.name in OPTIONAL or image.vendor) and image.name not in wanted:
            continue
        if image.name == "explorer.exe":
            files.append(("explorer.exe", image))
        else:
            files.append(("system32/" + image.path, image))
    return files


def hives(spec, cache):
    """The hive files of system32/config by name, and the dirty pages when the variant has a torn SYSTEM."""
    system = hive.make("SYSTEM", nt_registry.SYSTEM, nt_registry.system_keys(spec).text(), cache)
    software = hive.make("SOFTWARE", nt_registry.SOFTWARE, nt_registry.software_keys(spec).text(), cache)
    small = {}
    for name, text in (("SAM", "SAM\\Domains\\Account"), ("SECURITY", "Policy\\PolSrvRo"), ("DEFAULT", "Control Panel\\Desktop")):
        keys = nt_registry.Keys(f"HKEY_LOCAL_MACHINE\\{name}")
        keys.put(text, {})
        if name == "SECURITY":
            keys.put(text, {"@": struct.pack("<II", 0, spec.get("policy_role", 3))})
        small[name] = hive.make(name, keys.prefix, keys.text(), cache)
    files = {"SYSTEM": system, "SYSTEM.ALT": system, "SYSTEM.LOG": hive.clean_log(system), "SOFTWARE": software,
             "SOFTWARE.LOG": hive.clean_log(software), **small}
    for name in small:
        files[name + ".LOG"] = hive.clean_log(small[name])
    pages = []
    if spec.get("torn_system"):
        older = dict(spec, **spec["torn_system"])
        before = hive.make("SYSTEM", nt_registry.SYSTEM, nt_registry.system_keys(older).text(), cache)
        files["SYSTEM"], files["SYSTEM.LOG"], pages = hive.torn(before, system)
        files["SYSTEM.ALT"] = before
    if spec.get("bad_system"):
        broken = bytearray(system)
        broken[4096:4100] = b"\0\0\0\0"                      # the first bin has lost its mark
        broken[508:512] = bytes(b ^ 0xFF for b in broken[508:512])  # and the base block its checksum
        files["SYSTEM"] = bytes(broken)
    return files, system, software, pages


def system_partition(tree, spec, boot):
    if spec.get("filler"):
        # Real NTLDRs do not lie in the first cylinder, where every geometry gives the same sector.
        tree.add("SETUP.TMP", junk(spec["filler"], 3))
    tree.add("NTLDR", boot["ntldr"], READ_ONLY | HIDDEN | SYSTEM)
    tree.add("NTDETECT.COM", boot["ntdetect"], READ_ONLY | HIDDEN | SYSTEM)
    tree.add("boot.ini", boot_ini(spec), HIDDEN | SYSTEM | READ_ONLY)
    tree.add("BOOTSECT.DOS", junk(512, 5), HIDDEN | SYSTEM)
    if spec.get("ntbootdd"):
        tree.add("NTBOOTDD.SYS", spec["ntbootdd_bytes"], HIDDEN | SYSTEM)


def boot_partition(tree, spec, cache, work):
    images = pe.images()
    root = spec["root"]
    config = f"{root}/system32/config"
    files, system, software, pages = hives(spec, cache)
    for name, data in files.items():
        tree.add(f"{config}/{name}", data)
    facts = {"system_hive_data_sha256": hashlib.sha256(system[4096:]).hexdigest(), "torn_pages": pages}
    versions = {}
    for path, image in installed(spec, images):
        which = spec.get("editions", {}).get(image.name, spec["edition"])
        data = pe.edition(image, which, cache)
        tree.add(f"{root}/{path}", data)
        versions[f"{root}/{path}"] = {"original": image.name, "edition": which, "file_version": pe.file_version(which),
                                      "checksum": f"{pe.checksum(data):x}"}
    tree.add(f"{root}/repair/setup.log", setup_log(spec, images, cache))
    tree.add(f"{root}/repair/system._", compressed_cab("system", system, work))
    tree.add(f"{root}/repair/software._", compressed_szdd("software", software, work))
    for folder in ("system32/spool/drivers/w32x86", "system32/drivers/etc", "Profiles/Default User/Desktop", "inf", "Temp"):
        tree.folder(f"{root}/{folder}")
    tree.add(f"{root}/system32/drivers/etc/hosts", "127.0.0.1       localhost\r\n")
    tree.add(f"{root}/win.ini", "[windows]\r\n")
    if spec["sp"]:
        for name in ("ntoskrnl.exe", "hal.dll", "atapi.sys", "scsiport.sys", "ntfs.sys"):
            source = {"ntoskrnl.exe": spec["kernel"], "hal.dll": spec["hal"]}.get(name, name)
            tree.add(f"{root}/$NtServicePackUninstall$/{name}", pe.edition(images[source], spec.get("setup_edition", "rtm"), cache))
    tree.add("pagefile.sys", junk(spec.get("pagefile", 16 << 20), 7), HIDDEN | SYSTEM | ARCHIVE)
    tree.add("Program Files/Plus!/readme.txt", "nothing here\r\n")
    for path, data in spec.get("more_files", {}).items():
        tree.add(path, data)
    return {"images": versions, **facts}
