# The named disks. Each function returns what a disk is; build.py makes it.
# SPDX-License-Identifier: GPL-3.0-or-later
import struct

from . import logfile
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


@variant("geo-240", "240 heads, 63 sectors per track, QLogic SCSI, NTFS")
def geo_240():
    return server("GEOSRV1", disks=[one_disk(240, 63, 42, 0x24063003, [whole(240, 63, 42, label="SYSTEM")])],
                  drivers=["ql10wnt.sys", "atapi.sys", "e100b.sys"], services={"Ql10wnt": {"Start": 0}, "atapi": {"Start": 1}})


@variant("compaq-eisa", "Compaq with its type 0x12 partition first, 64/32, cpqfws2e and cpq32fs2, no atapi.sys on the disk, SP3")
def compaq_eisa():
    parts = [partition(32, 2048 * 8 - 32, type=0x12, fs="fat12", cluster=4096, label="SYSPART",
                       files={"CPQ/SYSCONF.COM": junk(4000, 12)}),
             partition(2048 * 8, 2048 * 380, active=True, letter="C", label="SYSTEM", roles=["system", "boot"])]
    arc = "multi(0)disk(0)rdisk(0)partition(2)"
    return server("CPQSRV1", disks=[one_disk(64, 32, 390, 0x0C0FFEE4, parts)], edition="sp3", sp=3, hotfixes={"Q143478": "Q143478"}, boot_arc=arc,
                  boot_device="\\Device\\Harddisk0\\partition2", system_device="\\Device\\Harddisk0\\Partition2",
                  boot_ini=[(arc + "\\WINNT", "Windows NT Server Version 4.00", ""),
                            (arc + "\\WINNT", "Windows NT Server Version 4.00 [VGA mode]", "/basevideo /sos")],
                  drivers=["cpqfws2e.sys", "cpq32fs2.sys", "netflx3.sys", "sysmgmt.sys"], network=[card("CpqNF31", "netflx3", "172.16.4.9")],
                  services={"cpqfws2e": {"Start": 0}, "cpq32fs2": driver(tag=39), **compaq_agents()})


def compaq_agents():
    program = "%SystemRoot%\\System32\\CpqMgmt\\"
    return {"sysmgmt": driver(2, "", kind=1), "CqMgHost": agent(program + "cqmghost.exe"), "CqMgServ": agent(program + "cqmgserv.exe"),
            "CqMgStor": agent(program + "cqmgstor.exe"), "Surveyor": agent("C:\\compaq\\survey\\surveyor.exe")}


def agent(path, start=2):
    return {"Type": 16, "Start": start, "ErrorControl": 1, "ImagePath": path, "ObjectName": "LocalSystem"}


@variant("compaq-mp", "two processors with the Compaq SystemPro HAL (halsp.dll) and ntkrnlmp, Smart Array, SP5")
def compaq_mp():
    return server("CPQMP1", disks=[one_disk(255, 63, 40, 0xC0A9E005, [whole(255, 63, 40, label="SYSTEM")])], edition="sp5", sp=5, hotfixes={},
                  kernel="ntkrnlmp.exe", hal="halsp.dll", processors=2, drivers=["cpqarray.sys", "atapi.sys", "netflx3.sys", "cpqasm.sys"],
                  network=[card("CpqNF31", "netflx3", "10.2.2.5")],
                  services={"Cpqarray": {"Start": 0}, "atapi": {"Start": 1}, "cpqasm": driver(2, ""), **compaq_agents()})


@variant("mps-mp", "two processors with the MPS HAL (halmps.dll) and ntkrnlmp, SP6a; setup.log still names the one-processor files")
def mps_mp():
    return server("MPSSRV1", disks=[one_disk(255, 63, 40, 0x3B500006, [whole(255, 63, 40, label="SYSTEM")])], kernel="ntkrnlmp.exe",
                  hal="halmps.dll", processors=2, setup_log_lies=True, drivers=["aic78xx.sys", "atapi.sys", "e100b.sys"], services=dict(AIC))


@variant("dc-teaming", "primary domain controller, two Compaq cards in a team that owns the address")
def dc_teaming():
    plain = {"address": None, "mask": [], "gateway": []}
    cards = [{"adapter": "CpqNF31", "model": "netflx3", "slot": 5, **plain}, {"adapter": "CpqNF32", "model": "netflx3", "slot": 6, **plain},
             card("CPQTeam1", "netflx3", ["10.3.0.10", "10.3.0.11"], virtual=True)]
    system = "%SystemRoot%\\System32\\"
    return server("PDC01", disks=[one_disk(255, 63, 40, 0xDC000007, [whole(255, 63, 40, label="SYSTEM")])], product_type="LanmanNT", policy_role=3,
                  network=cards, team={"adapter": "CPQTeam1", "members": ["CpqNF31", "CpqNF32"], "driver": "CPQTeam"},
                  drivers=["cpqarray.sys", "atapi.sys", "netflx3.sys", "cpqteam.sys"],
                  services={"Cpqarray": {"Start": 0}, "atapi": {"Start": 1}, "Netlogon": {"Start": 2}, "Dns": agent(system + "dns.exe"),
                            "Wins": agent(system + "wins.exe"), "DhcpServer": agent(system + "tcpsvcs.exe")})


@variant("tse", "Windows NT Server 4.0, Terminal Server Edition, SP6, in WTSRV")
def tse():
    arc = "multi(0)disk(0)rdisk(0)partition(1)\\WTSRV"
    return server("TERM1", disks=[one_disk(255, 63, 40, 0x75E00008, [whole(255, 63, 40, label="TSE")])], root="WTSRV", edition="tse-sp6",
                  setup_edition="tse", suite=["Terminal Server"], hotfixes={},
                  boot_ini=[(arc, "Windows NT Server, Terminal Server Edition 4.0", ""),
                            (arc, "Windows NT Server, Terminal Server Edition 4.0 [VGA mode]", "/basevideo /sos")],
                  drivers=["symc810.sys", "atapi.sys", "e100b.sys"], services={"symc810": {"Start": 0}, "atapi": {"Start": 1},
                                                                               "TermService": agent("%SystemRoot%\\System32\\termsrv.exe")})


@variant("dirty-hive", "SYSTEM torn by a power loss; SYSTEM.LOG (old DIRT format, file type 2) completes it")
def dirty_hive():
    spec = scsi_ntfs()
    spec.update(name="DIRTYSRV", disks=[one_disk(255, 63, 40, 0xD1270009, [whole(255, 63, 40, label="SYSTEM")])],
                torn_system={"name": "OLDERSRV", "services": {"aic78xx": {"Start": 4}, "atapi": {"Start": 4}}})
    return spec


@variant("alt-hive", "SYSTEM damaged, SYSTEM.ALT good")
def alt_hive():
    spec = scsi_ntfs()
    spec.update(name="ALTSRV1", bad_system=True, disks=[one_disk(255, 63, 40, 0xA17F000A, [whole(255, 63, 40, label="SYSTEM")])])
    return spec


@variant("dirty-ntfs", "NTFS volume with the dirty flag and a journal that was not closed")
def dirty_ntfs():
    spec = scsi_ntfs()
    volume = whole(255, 63, 40, label="SYSTEM", dirty=True, log=logfile.unclean(4 << 20))
    spec.update(name="CRASHSRV", disks=[one_disk(255, 63, 40, 0xBAD0000B, [volume])])
    return spec


@variant("ft-mirror", "system volume mirrored by NT over two disks (types 0x87)")
def ft_mirror():
    first = whole(255, 63, 40, label="SYSTEM", type=0x87, ft=0, ft_member=0)
    second = dict(first, copy_of=(0, 0), fs="", letter="", roles=[], active=False, ft_member=1)
    disks = [one_disk(255, 63, 40, 0xF70A000C, [first]), one_disk(255, 63, 40, 0xF70B000C, [second])]
    # Shadow disks were often never given boot code (Knowledge Base Q117131).
    disks[1]["boot_code"] = False
    spec = server("MIRROR1", disks=disks, ft=[{"kind": "mirror", "members": [[0, 1], [1, 1]]}],
                  drivers=["aic78xx.sys", "atapi.sys", "e100b.sys"], services={"Ftdisk": {"Start": 0}, **AIC})
    return spec


@variant("ft-stripe", "data volume striped by NT over two disks (64 KiB chunks)")
def ft_stripe():
    cylinder = 255 * 63
    member = cylinder * 10 // 128 * 128
    parts = [whole(255, 63, 31, label="SYSTEM"), partition(cylinder * 30, member, type=0x87, fs="", ft=0, ft_member=0, letter="D")]
    other = [partition(63, member, type=0x87, fs="", ft=0, ft_member=1)]
    disks = [one_disk(255, 63, 42, 0x57A0000D, parts), one_disk(255, 63, 12, 0x57B0000D, other)]
    volume = partition(cylinder * 30, member * 2, label="STRIPE", letter="D",
                       files={"Data/first.dat": junk(3 << 20, 21), "Data/readme.txt": b"striped data\r\n"})
    spec = server("STRIPE1", disks=disks, ft=[{"kind": "stripe", "members": [[0, 2], [1, 1]], "chunk": 65536}],
                  stripes=[{"volume": volume, "members": [(0, 1), (1, 0)], "chunk": 65536}],
                  drivers=["aic78xx.sys", "atapi.sys", "e100b.sys"], services={"Ftdisk": {"Start": 0}, **AIC})
    return spec


@variant("ft-parity", "data volume striped with parity by NT over three disks (64 KiB chunks)")
def ft_parity():
    cylinder = 255 * 63
    member = cylinder * 6 // 128 * 128
    first = [whole(255, 63, 31, label="SYSTEM"), partition(cylinder * 30, member, type=0x87, fs="", ft=0, ft_member=0, letter="D")]
    disks = [one_disk(255, 63, 38, 0x9A1A0014, first)]
    disks += [one_disk(255, 63, 8, signature, [partition(63, member, type=0x87, fs="", ft=0, ft_member=n)])
              for n, signature in ((1, 0x9A1B0014), (2, 0x9A1C0014))]
    volume = partition(cylinder * 30, member * 2, label="PARITY", letter="D",
                       files={"Data/first.dat": junk(5 << 20, 22), "Data/readme.txt": b"striped data with parity\r\n"})
    return server("PARITY1", disks=disks, ft=[{"kind": "parity", "members": [[0, 2], [1, 1], [2, 1]], "chunk": 65536}],
                  stripes=[{"kind": "parity", "volume": volume, "members": [(0, 1), (1, 0), (2, 0)], "chunk": 65536}],
                  drivers=["aic78xx.sys", "atapi.sys", "e100b.sys"], services={"Ftdisk": {"Start": 0}, **AIC})


@variant("ft-volume", "data volume that NT extended over two disks (volume set)")
def ft_volume():
    cylinder = 255 * 63
    sizes = [cylinder * 4, cylinder * 3 + 17]
    first = [whole(255, 63, 31, label="SYSTEM"), partition(cylinder * 30, sizes[0], type=0x87, fs="", ft=0, ft_member=0, letter="D")]
    disks = [one_disk(255, 63, 36, 0x501A0015, first),
             one_disk(255, 63, 5, 0x501B0015, [partition(63, sizes[1], type=0x87, fs="", ft=0, ft_member=1)])]
    volume = partition(cylinder * 30, sum(sizes), label="EXTENDED", letter="D",
                       files={"Data/first.dat": junk(40 << 20, 23), "Data/readme.txt": b"data on a volume set\r\n"})
    return server("VOLSET1", disks=disks, ft=[{"kind": "volume", "members": [[0, 2], [1, 1]]}],
                  stripes=[{"kind": "volume", "volume": volume, "members": [(0, 1), (1, 0)]}],
                  drivers=["aic78xx.sys", "atapi.sys", "e100b.sys"], services={"Ftdisk": {"Start": 0}, **AIC})


@variant("beyond-8g", "boot partition beyond 7.8 GB, reached through scsi() and NTBOOTDD.SYS")
def beyond_8g():
    cylinder = 255 * 63
    parts = [partition(63, cylinder * 13 - 63, type=6, fs="fat16", cluster=2048, active=True, letter="C", label="BOOT", roles=["system"]),
             partition(cylinder * 13, cylinder * 1017, letter="D", label="DATA", files={"Data/old.txt": b"data volume\r\n"}),
             partition(cylinder * 1030, cylinder * 40, letter="E", label="NT", roles=["boot"])]
    return server("BIGSRV1", disks=[one_disk(255, 63, 1100, 0xB16D000E, parts)], filler=20 << 20, boot_letter="E",
                  boot_arc="scsi(0)disk(0)rdisk(0)partition(3)", boot_device="\\Device\\Harddisk0\\partition3", ntbootdd="aic78xx.sys",
                  boot_ini=scsi_lines(3), drivers=["aic78xx.sys", "atapi.sys", "e100b.sys"], services=dict(AIC))


STALE = b"NTFERRY-STALE payroll of a year nobody should see again\r\n"


@variant("stale-data", "deleted files' data in free space and a pagefile of 256 MiB")
def stale_data():
    # The file is written and then removed by libntfs-3g, which leaves its clusters as they were.
    volume = whole(255, 63, 90, label="SYSTEM", files={"PAYROLL.OLD": (STALE * ((24 << 20) // len(STALE) + 1))[:24 << 20]},
                   helper=["R\t/PAYROLL.OLD"], removed=["PAYROLL.OLD"])
    return server("STALESRV", disks=[one_disk(255, 63, 90, 0x57A1E00F, [volume])], pagefile=256 << 20, stale_marker=STALE[:13].decode(),
                  drivers=["aic78xx.sys", "atapi.sys", "e100b.sys"], services=dict(AIC))


@variant("vendor-raid", "RAID controllers, agents, dongle, UPS, serial mouse, replaced logon, printers and shares; data in a logical drive")
def vendor_raid():
    cylinder = 255 * 63
    parts = [partition(63, cylinder * 38 - 63, active=True, letter="C", label="SYSTEM", roles=["system", "boot"]),
             partition(cylinder * 38, cylinder * 20, type=5, fs=""),
             partition(cylinder * 38 + 63, cylinder * 20 - 63, letter="D", label="DATA", logical=True, ebr=cylinder * 38,
                       files={"Shares/Public/readme.txt": b"share\r\n"})]
    services = {"dac960nt": {"Start": 0}, "mraid35x": driver(tag=40), "atapi": {"Start": 1}, "Sermouse": {"Start": 1}, "UPS": {"Start": 2},
                "Sentinel": driver(2, "", ImagePath="\\SystemRoot\\System32\\drivers\\sentinel.sys"), "SymEvent": driver(2, "filter"),
                "otman": driver(1, "filter"), "cpqhealth": driver(1, "System Bus Extender", error=1),
                "APCPowerChute": agent("C:\\APC\\PwrChute\\ups.exe"), "dcstor32": agent("C:\\Dell\\OpenManage\\dcstor32.exe"),
                "mr2kserv": agent("C:\\Dell\\OpenManage\\mr2kserv.exe"), "BackupExecAgent": agent("C:\\Veritas\\beremote.exe"),
                "awhost32": agent("C:\\Program Files\\pcANYWHERE\\awhost32.exe"), "WinVNC": agent("C:\\Program Files\\VNC\\WinVNC.exe")}
    return server("RAIDSRV1", disks=[one_disk(255, 63, 60, 0x4A1D0010, parts)], gina="awgina.dll", video="ati",
                  boot_execute=["autocheck autochk /r \\??\\C:", "autocheck autochk *"],
                  boot_ini=[("multi(0)disk(0)rdisk(0)partition(1)\\WINNT", "Windows NT Server Version 4.00", "/NoSerialMice:COM1 /debugport=com2"),
                            ("multi(0)disk(0)rdisk(0)partition(1)\\WINNT", "Windows NT Server Version 4.00 [VGA mode]", "/basevideo /sos")],
                  drivers=["dac960nt.sys", "mraid35x.sys", "atapi.sys", "e100b.sys", "ati.sys", "sentinel.sys", "symevent.sys", "otman.sys",
                           "cpqhealth.sys", "awgina.dll"], services=services,
                  printers=[{"name": "LASER1", "port": "LPT1:", "driver": "HP LaserJet 4"}, {"name": "LABELS", "port": "COM1:", "driver": "Generic / Text Only"}],
                  shares={"Public": "D:\\Shares\\Public"},
                  uninstall={"APC PowerChute plus": {"DisplayName": "PowerChute plus"}, "Dell OpenManage": {"DisplayName": "Dell OpenManage Server Agent"},
                             "pcANYWHERE": {"DisplayName": "pcANYWHERE32"}},
                  software_extra={"APC\\PowerChute plus": {"Version": "5.0"}, "Rainbow Technologies\\SuperPro": {"Port": "LPT1"}})


@variant("nt351", "Windows NT Server 3.51: not ours to migrate")
def nt351():
    arc = "multi(0)disk(0)rdisk(0)partition(1)\\WINNT35"
    return server("OLD351", kind="nt351", disks=[one_disk(64, 32, 320, 0x03510011, [whole(64, 32, 320, label="NT351")])], root="WINNT35",
                  edition="nt351", setup_edition="nt351", nt_version="3.51", build="1057", sp=5, hotfixes={},
                  boot_ini=[(arc, "Windows NT Server Version 3.51", "")])


@variant("win2000", "Windows 2000 Server (NTFS 3.0, signature() in boot.ini, MountedDevices): not ours to migrate")
def win2000():
    arc = "signature(20000012)disk(0)rdisk(0)partition(1)\\WINNT"
    return server("W2KSRV1", kind="win2000", disks=[one_disk(255, 63, 40, 0x20000012, [whole(255, 63, 40, label="W2K", version="3.0")])],
                  edition="win2000", setup_edition="win2000", nt_version="5.0", build="2195", sp=4, hotfixes={"KB835732": "Security update"},
                  boot_ini=[(arc, "Microsoft Windows 2000 Server", "/fastdetect")],
                  system_root_keys={"MountedDevices": {"\\DosDevices\\C:": struct.pack("<IQ", 0x20000012, 63 * 512)}})


@variant("dos", "MS-DOS on FAT16: no Windows NT at all")
def dos():
    volume = partition(63, 255 * 63 * 8 - 63, type=6, fs="fat16", cluster=2048, active=True, letter="C", label="DOS",
                       files={"IO.SYS": junk(40000, 31), "MSDOS.SYS": junk(38000, 32), "COMMAND.COM": junk(54000, 33), "AUTOEXEC.BAT": b"@echo off\r\n"})
    return {"kind": "dos", "nt_boot": False, "disks": [one_disk(255, 63, 10, 0xD05D0013, [volume])]}
