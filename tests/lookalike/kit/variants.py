# The named disks. Each function returns what a disk is; build.py makes it.
# SPDX-License-Identifier: GPL-3.0-or-later
import struct

from .winnt import junk

VARIANTS = {}


def variant(name, title):
    def register(function):
        def make():
            spec = function()
            spec.update(variant=name, title=title)
            return spec
        VARIANTS[name] = make
        return function
    return register


def partition(start, sectors, type=7, **more):
    more.setdefault("fs", "ntfs")
    return {"start": start, "sectors": sectors, "type": type, **more}


def one_disk(heads, spt, cylinders, signature, partitions):
    """partitions: functions of (sectors per cylinder) giving partition values."""
    return {"heads": heads, "spt": spt, "signature": signature, "sectors": heads * spt * cylinders, "partitions": partitions}


def card(adapter, model, address, **more):
    return {"adapter": adapter, "model": model, "address": [address] if isinstance(address, str) else address, "mask": ["255.255.255.0"],
            "gateway": [(address if isinstance(address, str) else address[0]).rsplit(".", 1)[0] + ".1"], **more}


def driver(start=0, group="SCSI miniport", tag=None, error=1, kind=1, **more):
    values = {"Type": kind, "Start": start, "ErrorControl": error, **more}
    if group:
        values["Group"] = group
    if tag:
        values["Tag"] = tag
    return values


def server(name, **more):
    """A standalone NT Server 4.0 SP6a on one NTFS partition; everything can be changed."""
    spec = {"name": name, "root": "WINNT", "edition": "sp6a", "sp": 6, "kernel": "ntoskrnl.exe", "hal": "hal.dll", "product_type": "ServerNT",
            "boot_letter": "C", "boot_arc": "multi(0)disk(0)rdisk(0)partition(1)", "boot_device": "\\Device\\Harddisk0\\partition1",
            "system_device": "\\Device\\Harddisk0\\Partition1", "drivers": ["atapi.sys", "e100b.sys"], "services": {},
            "hotfixes": {"Q246009": "Service Pack 6a", "Q299444": "Security rollup"}, "dns": "10.1.1.2 10.1.1.3", "wins": "10.1.1.4",
            "dns_domain": "example.test", "network": [card("E100B1", "e100b", "10.1.1.20")],
            "routes": ["10.9.0.0,255.255.0.0,10.1.1.254,1"],
            "boot_ini": [("multi(0)disk(0)rdisk(0)partition(1)\\WINNT", "Windows NT Server Version 4.00", ""),
                         ("multi(0)disk(0)rdisk(0)partition(1)\\WINNT", "Windows NT Server Version 4.00 [VGA mode]", "/basevideo /sos")]}
    spec.update(more)
    return spec


def scsi_lines(partition_number=1):
    arc = f"scsi(0)disk(0)rdisk(0)partition({partition_number})\\WINNT"
    return [(arc, "Windows NT Server Version 4.00", ""), (arc, "Windows NT Server Version 4.00 [VGA mode]", "/basevideo /sos")]


def whole(heads, spt, cylinders, **more):
    """One partition from the second track to the end of the last cylinder but one."""
    more.setdefault("roles", ["system", "boot"])
    return partition(spt, heads * spt * (cylinders - 1) - spt, active=True, letter="C", **more)


AIC = {"aic78xx": {"Start": 0}, "atapi": {"Start": 1}}


@variant("scsi-ntfs", "standalone server, Adaptec SCSI, one NTFS volume, 255/63")
def scsi_ntfs():
    return server("FILESRV1", disks=[one_disk(255, 63, 40, 0x1A2B3C4D, [whole(255, 63, 40, label="SYSTEM")])], ntbootdd="aic78xx.sys",
                  boot_ini=scsi_lines(), boot_arc="scsi(0)disk(0)rdisk(0)partition(1)",
                  drivers=["aic78xx.sys", "atapi.sys", "e100b.sys"], services=dict(AIC))


@variant("ide-ntfs", "standalone server already on ATAPI, one NTFS volume, 255/63")
def ide_ntfs():
    return server("IDESRV1", disks=[one_disk(255, 63, 40, 0x51DE0001, [whole(255, 63, 40, label="")])], services={"atapi": {"Start": 0}})


@variant("fat16-ntfs", "FAT16 system volume with 64 KiB clusters, NTFS boot volume, 255/63, SP5")
def fat16_ntfs():
    cylinder = 255 * 63
    parts = [partition(63, cylinder * 270 - 63, type=6, fs="fat16", active=True, letter="C", label="BOOT", roles=["system"],
                       files={"AUTOEXEC.BAT": b"", "CONFIG.SYS": b"", "UTIL/README.TXT": b"tools of the old server\r\n"}),
             partition(cylinder * 270, cylinder * 40, letter="D", label="NTDATA", roles=["boot"],
                       files={"Data/orders.dat": junk(300000, 11)})]
    return server("FATSRV1", disks=[one_disk(255, 63, 312, 0xF16A0002, parts)], filler=20 << 20, edition="sp5", sp=5, hotfixes={},
                  boot_letter="D", boot_arc="multi(0)disk(0)rdisk(0)partition(2)", boot_device="\\Device\\Harddisk0\\partition2",
                  boot_ini=[("multi(0)disk(0)rdisk(0)partition(2)\\WINNT", "Windows NT Server Version 4.00", ""),
                            ("multi(0)disk(0)rdisk(0)partition(2)\\WINNT", "Windows NT Server Version 4.00 [VGA mode]", "/basevideo /sos"),
                            ("C:\\", "MS-DOS", "")],
                  drivers=["symc810.sys", "el90x.sys"], services={"symc810": {"Start": 0}},
                  network=[card("EL90x1", "el90x", "192.168.7.10")])
