# Makes one variant: its disk files and its manifest.
# SPDX-License-Identifier: GPL-3.0-or-later
import hashlib
import json
import os
import struct

from . import disk, pe, tools, volume, winnt

COMMAND_LINE = "console=ttyS0,115200 console=tty0 panic=1"


def _loader(ntldr, kernel, kernel_blocks, initrd, initrd_blocks, command_line):
    """NTLDR with the block lists of kernel and initrd patched in (boot/ntldr.asm: parameters)."""
    data = bytearray(ntldr)
    at = data.find(b"NTFERRY-LOADER")
    struct.pack_into("<II", data, at + 16, kernel, initrd)
    for offset, blocks in ((0x40, kernel_blocks), (0x140, initrd_blocks)):
        if len(blocks) > 31:
            raise tools.Failure(f"kernel or initrd lies in {len(blocks)} pieces; NTLDR's stand-in has room for 31")
        for i, (start, count) in enumerate(blocks):
            struct.pack_into("<II", data, offset + 8 * i, start, count)
    text = command_line.encode("ascii")
    if len(text) > 255:
        raise tools.Failure("the kernel command line is longer than 255 characters")
    data[0x240:0x340] = text.ljust(256, b"\0")
    return bytes(data)


def _overwrite(image, blocks, data):
    """Writes over a file's own sectors."""
    with open(image, "r+b") as file:
        at = 0
        for start, count in blocks:
            file.seek(start * disk.SECTOR)
            part = data[at:at + count * disk.SECTOR]
            file.write(part)
            at += len(part)


def _make_boot_volume(image, p, spec, boot, cache, options):
    """Block lists into NTLDR's stand-in and the volume boot sector. Returns NTLDR's runs."""
    runs = volume.blocks_of(image, p, "NTLDR", cache)
    absolute = {}
    for name in ("VMLINUZ", "INITRD"):
        if options.get(name):
            absolute[name] = [(start + p["start"], count) for start, count in volume.blocks_of(image, p, f"NTFERRY/{name}", cache)]
    kernel, initrd = (os.path.getsize(options[n]) if options.get(n) else 0 for n in ("VMLINUZ", "INITRD"))
    patched = _loader(boot["ntldr"], kernel, absolute.get("VMLINUZ", []), initrd, absolute.get("INITRD", []), options["command_line"])
    _overwrite(image, runs, patched)
    # NTLDR's mark ends its last full sector; the block list ends there.
    disk.set_boot_code(image, p, boot["vbr-ntfs" if p["fs"] == "ntfs" else "vbr-fat"], volume.limit(runs, len(patched) // disk.SECTOR))
    return runs


def variant(spec, folder, cache, kernel=None, initrd=None, command_line=COMMAND_LINE):
    """Makes spec's disks in `folder`; returns the manifest, which is also written there as NAME.json."""
    tools.need("sfdisk", "mkntfs", "mkfs.fat", "mcopy", "hivexregedit", "gcab", "mscompress", "nasm", "i686-w64-mingw32-as",
               "i686-w64-mingw32-windres", "i686-w64-mingw32-gcc")
    os.makedirs(folder, exist_ok=True)
    os.makedirs(cache, exist_ok=True)
    work = os.path.join(folder, f".work-{spec['variant']}-{os.getpid()}")
    os.makedirs(work, exist_ok=True)
    try:
        return _variant(spec, folder, work, cache, {"VMLINUZ": kernel, "INITRD": initrd, "command_line": command_line})
    finally:
        volume.clean(work)


def _variant(spec, folder, work, cache, options):
    boot = winnt.stand_ins(work)
    images = pe.images()
    if spec.get("ntbootdd"):
        spec["ntbootdd_bytes"] = pe.edition(images[spec["ntbootdd"]], spec["edition"], cache)
    facts = {"variant": spec["variant"], "title": spec["title"], "kind": spec.get("kind", "nt4"), "disks": []}
    files, extra, raws = {}, {}, []
    for index, d in enumerate(spec["disks"]):
        path = os.path.join(folder, spec["variant"] + (f"-{index}" if len(spec["disks"]) > 1 else "") + ".img")
        raw = os.path.join(work, f"disk{index}.img")
        disk.partition(raw, d)
        if d.get("boot_code", True):
            disk.write_boot_code(raw, d, boot["mbr"])
        partitions = []
        for number, p in enumerate(d["partitions"], 1):
            described = {"number": number, "type": p["type"], "active": bool(p.get("active")), "start": p["start"], "sectors": p["sectors"],
                         "chs_start": disk.chs(p["start"], d["heads"], d["spt"]),
                         "chs_end": disk.chs(p["start"] + p["sectors"] - 1, d["heads"], d["spt"]),
                         "fs": p.get("fs", ""), "label": p.get("label", ""), "letter": p.get("letter", ""), "roles": p.get("roles", [])}
            if p.get("fs"):
                image = os.path.join(work, "volume.img")
                runs, versions, found = _volume(image, p, d, spec, boot, work, cache, options)
                if runs:
                    described["ntldr_sectors"] = [(p["start"] + start, count) for start, count in runs]
                described.update(bpb=disk.bpb(image))
                if p["fs"] == "ntfs":
                    described.update(ntfs_version=p.get("version", "1.2"), dirty=bool(p.get("dirty")))
                disk.copy_sparse(image, raw, p["start"] * disk.SECTOR)
                os.unlink(image)
                files.update(found)
                extra.update(versions)
            if p.get("raw"):
                with open(raw, "r+b") as file:
                    file.seek(p["start"] * disk.SECTOR)
                    file.write(p["raw"])
            partitions.append(described)
        raws.append((raw, path))
        facts["disks"].append({"file": os.path.basename(path), "sectors": d["sectors"], "signature": d["signature"],
                               "heads": d["heads"], "sectors_per_track": d["spt"], "cylinders": d["sectors"] // (d["heads"] * d["spt"]),
                               "partitions": partitions})
    _fault_tolerant(spec, [raw for raw, _ in raws], boot, work, cache, options, files)
    for raw, path in raws:
        os.replace(raw, path)
    facts.update(_server_facts(spec, files, extra, options))
    tools.write(os.path.join(folder, spec["variant"] + ".json"), json.dumps(facts, indent=1).encode())
    return facts


def _fault_tolerant(spec, raws, boot, work, cache, options, files):
    """Second members of mirrors and the members of stripe sets, as NT's FTDISK lays them out."""
    for index, d in enumerate(spec["disks"]):
        for p in d["partitions"]:
            if "copy_of" in p:
                disk.copy_range(raws[p["copy_of"][0]], raws[index], p["start"], p["sectors"])
    for stripe in spec.get("stripes", []):
        image = os.path.join(work, "stripe.img")
        _, _, found = _volume(image, stripe["volume"], spec["disks"][0], spec, boot, work, cache, options)
        places = [(raws[d], spec["disks"][d]["partitions"][p]["start"], spec["disks"][d]["partitions"][p]["sectors"])
                  for d, p in stripe["members"]]
        if stripe.get("kind") == "parity":
            disk.spread_with_parity(image, [place[:2] for place in places], stripe["chunk"])
        elif stripe.get("kind") == "volume":
            disk.spread_end_to_end(image, places)
        else:
            disk.spread(image, [place[:2] for place in places], stripe["chunk"])
        files.update(found)
        os.unlink(image)


def _volume(image, p, d, spec, boot, work, cache, options):
    disk.make_volume(image, p, d)
    tree = volume.Tree(os.path.join(work, "tree"))
    roles, versions, found = p.get("roles", []), {}, {}
    if "system" in roles and spec.get("nt_boot", True):
        winnt.system_partition(tree, spec, boot)
        for name in ("VMLINUZ", "INITRD"):
            if options[name]:
                tree.add(f"NTFERRY/{name}", tools.read(options[name]))
    if "boot" in roles:
        versions = winnt.boot_partition(tree, spec, cache, work)
    for name, data in p.get("files", {}).items():
        tree.add(name, data)
    lines = [line for line in p.get("helper", [])]
    if p.get("log"):
        log = os.path.join(work, "logfile.bin")
        tools.write(log, p["log"])
        lines.append(f"L\t{log}")
    if p.get("dirty"):
        lines.append("D")
    # With an unclean journal libntfs-3g would refuse the volume: everything that must still mount it comes first.
    last = [line for line in lines if line[0] in "LD"]
    volume.fill(image, p, tree, cache, [line for line in lines if line not in last])
    runs = _make_boot_volume(image, p, spec, boot, cache, options) if "system" in roles and spec.get("nt_boot", True) else None
    if last:
        tools.run([tools.populate_program(cache), image], input="\n".join(last) + "\n")
    letter = p.get("letter", "") or f"partition{p['start']}"
    for name, (attributes, source) in tree.files.items():
        if name in p.get("removed", []):
            continue
        data = tools.read(source)
        if name == "NTLDR":
            with open(image, "rb") as file:
                data = b""
                for start, count in runs:
                    file.seek(start * disk.SECTOR)
                    data += file.read(count * disk.SECTOR)
                data = data[:os.path.getsize(source)]
        found[f"{letter}:/{name}"] = {"size": len(data), "sha256": hashlib.sha256(data).hexdigest(), "attributes": attributes}
    volume.clean(os.path.join(work, "tree"))
    return runs, versions, found


def _server_facts(spec, files, extra, options):
    if spec.get("kind", "nt4") not in ("nt4", "nt351", "win2000"):
        return {"files": files}
    return {
        "bootable": bool(spec.get("nt_boot", True)), "boots_linux": bool(options["VMLINUZ"]), "stand_in_text": "NTLDR stand-in reached, geometry CHS "
        f"{spec['disks'][0]['heads']}/{spec['disks'][0]['spt']} ok",
        "boot_ini": winnt.boot_ini(spec), "system_root": f"{spec['boot_letter']}:\\{spec['root']}", "root_folder": spec["root"],
        "product_type": spec["product_type"], "product_suite": spec.get("suite", []), "service_pack": spec["sp"], "edition": spec["edition"],
        "computer_name": spec["name"], "kernel": spec["kernel"], "hal": spec["hal"], "ntbootdd": spec.get("ntbootdd", ""),
        "network": spec["network"], "team": spec.get("team"), "hotfixes": sorted(spec.get("hotfixes", {})),
        "select": spec.get("select", {"Current": 1, "Default": 1, "Failed": 0, "LastKnownGood": 2}), "control_sets": [1, 2],
        "services": {name: {k: v for k, v in values.items() if k in ("Type", "Start", "ErrorControl", "Group", "Tag")}
                     for name, values in spec.get("services", {}).items()},
        "printers": [p["name"] for p in spec.get("printers", [])], "shares": spec.get("shares", {}), "gina": spec.get("gina", ""),
        "notes": spec.get("notes", []), "system_hive": "torn" if spec.get("torn_system") else "bad" if spec.get("bad_system") else "clean",
        "ft": spec.get("ft", []), "stale_marker": spec.get("stale_marker", ""), "policy_role": spec.get("policy_role", 3), "processors": spec.get("processors", 1), "files": files, **extra,
    }
