# The SYSTEM and SOFTWARE hives of a lookalike server, as keys and values.
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which keys and why: what an inspection of NT 4.0 looks for (Select, control sets, Services, GroupOrderList, DISK,
network bindings, ProductOptions, hotfixes). The driver and the adapter of a network card are separate keys; bindings
live in the Linkage keys of the protocols and services above."""
import os
import struct

from . import tools
from .regtext import Expand, Keys

SYSTEM = "HKEY_LOCAL_MACHINE\\SYSTEM"
SOFTWARE = "HKEY_LOCAL_MACHINE\\SOFTWARE"
CURRENT_VERSION = "Microsoft\\Windows NT\\CurrentVersion"
GROUP_ORDER = ["System Bus Extender", "SCSI miniport", "port", "Primary disk", "SCSI class", "SCSI CDROM class", "filter",
               "boot file system", "Base", "Pointer Port", "Keyboard Port", "Pointer Class", "Keyboard Class", "Video Init",
               "Video", "Video Save", "file system", "Event log", "Streams Drivers", "PNP_TDI", "NDIS", "TDI", "NetBIOSGroup",
               "SpoolerGroup", "NetDDEGroup", "Parallel arbitrator", "extended base", "RemoteValidation", "PCI Configuration"]
# model -> driver key, vendor key, product name
CARDS = {
    "netflx3": ("CpqNF3", "Compaq", "Compaq NetFlex-3 Controller", "netflx3.sys"),
    "e100b": ("E100B", "Intel", "Intel EtherExpress PRO/100B PCI LAN Adapter", "e100b.sys"),
    "el90x": ("EL90x", "3Com", "3Com EtherLink XL PCI TPO Adapter (3C900-TPO)", "el90x.sys"),
}


def services_table():
    rows = []
    with open(os.path.join(tools.HERE, "registry", "services.txt"), encoding="utf-8") as table:
        for line in table:
            if line.strip() and not line.startswith("#"):
                rows.append([f.strip() for f in line.split("|")])
    return rows


def add_service(keys, base, name, kind, start, error=1, group=None, tag=None, image=None, depends=""):
    values = {"Type": kind, "Start": start, "ErrorControl": error}
    if group:
        values["Group"] = group
    if tag:
        values["Tag"] = tag
    if image:
        values["ImagePath"] = Expand(image)
    needs = [d for d in depends.split(",") if d]
    if needs:
        values["DependOnService"] = [d for d in needs if not d.startswith("+")]
        values["DependOnGroup"] = [d[1:] for d in needs if d.startswith("+")]
    if kind & 0x30:
        values.update(ObjectName="LocalSystem", DisplayName=name)
    keys.put(f"{base}\\Services\\{name}", values)


FT_KINDS = {"mirror": 0, "stripe": 1, "parity": 2, "volume": 3}


def disk_information(spec):
    """DISK\\Information: header, disks with partitions, then the fault-tolerant sets."""
    disks = b""
    where = {}
    base = 0x30
    count = 0
    ft_sets = spec.get("ft", [])
    for disk in spec["disks"]:
        parts = [p for p in disk["partitions"] if p.get("letter") or p.get("ft") is not None]
        body = struct.pack("<HHI", len(parts), 0, disk["signature"])
        for number, p in enumerate(parts, 1):
            group = p.get("ft")
            kind = 4 if group is None else FT_KINDS[ft_sets[group]["kind"]]
            where[(disk["signature"], p["start"])] = base + 4 + len(disks) + len(body)
            length = p["sectors"] * 512
            total = length if group is None or kind == 0 else length * len(ft_sets[group]["members"])
            member = 0 if group is None else p["ft_member"]
            letter = ord(p["letter"]) if p.get("letter") else 0
            body += struct.pack("<IIqqqIIBBHHHB3x", kind, 0, p["start"] * 512, length, total if group is not None else 0, 0, 0,
                                letter, 1 if letter else 0, number, 0xFFFF if group is None else group, member, 0)
        disks += body
        count += 1
    registry = struct.pack("<HH", count, 0) + disks
    ft = b""
    if ft_sets:
        ft = struct.pack("<HH", len(ft_sets), 0)
        for index, group in enumerate(ft_sets):
            members = [(d["signature"], p) for d in spec["disks"] for p in d["partitions"] if p.get("ft") == index]
            ft += struct.pack("<HHII", len(members), FT_KINDS[group["kind"]], 0, 0)
            for number, (signature, p) in enumerate(members):
                ft += struct.pack("<HHIII", 0, 0, signature, where[(signature, p["start"])], number)
    ft_at = base + len(registry) if ft else 0
    header = struct.pack("<IIB3xIIIIIIII", 3, 0, 0, base, len(registry), ft_at, len(ft), 0, 0, 0, 0)
    return header.ljust(base, b"\0") + registry + ft


def add_network(keys, base, spec):
    services = f"{base}\\Services"
    adapters = []
    drivers = {}
    for card in spec["network"]:
        driver = CARDS[card["model"]]
        adapters.append(card["adapter"])
        if not card.get("virtual"):
            drivers.setdefault(card["model"], []).append(card["adapter"])
        keys.put(f"{services}\\{card['adapter']}", {"Type": 4, "Start": 3, "ErrorControl": 1})
        keys.put(f"{services}\\{card['adapter']}\\Parameters",
                 {"BusType": 5, "BusNumber": 0, "SlotNumber": card.get("slot", 11), "NetworkAddress": card.get("mac_override", ""),
                  "MediaType": 1})
        if card.get("address"):
            keys.put(f"{services}\\{card['adapter']}\\Parameters\\Tcpip",
                     {"EnableDHCP": 0, "IPAddress": card["address"], "SubnetMask": card["mask"], "DefaultGateway": card["gateway"],
                      "UseZeroBroadcast": 0, "DontAddDefaultGateway": 0, "PPTPFiltering": 0, "EnableSecurityFilter": 0,
                      "TcpAllowedPorts": ["0"], "UdpAllowedPorts": ["0"], "RawIpAllowedProtocols": ["0"],
                      "DhcpIPAddress": "0.0.0.0", "DhcpSubnetMask": "0.0.0.0", "DhcpServer": "255.255.255.255", "Lease": 0})
        elif card.get("dhcp"):
            keys.put(f"{services}\\{card['adapter']}\\Parameters\\Tcpip",
                     {"EnableDHCP": 1, "IPAddress": ["0.0.0.0"], "SubnetMask": ["0.0.0.0"], "DefaultGateway": [],
                      "DhcpIPAddress": card["dhcp"], "DhcpSubnetMask": "255.255.255.0", "DhcpServer": "10.1.1.1", "Lease": 259200})
    for model, names in drivers.items():
        driver, _, title, file = CARDS[model]
        keys.put(f"{services}\\{driver}", {"Type": 1, "Start": 2, "ErrorControl": 1, "Group": "NDIS", "DisplayName": title,
                                           "ImagePath": Expand("\\SystemRoot\\System32\\drivers\\" + file)})
        keys.put(f"{services}\\{driver}\\Linkage", {"Bind": [f"\\Device\\{n}" for n in names], "Export": [f"\\Device\\{n}" for n in names],
                                                    "Route": [f'"{n}"' for n in names]})
        keys.put(f"{services}\\{driver}\\Linkage\\Disabled", {"Bind": [], "Export": [], "Route": []})
    if spec.get("team"):
        team = spec["team"]
        keys.put(f"{services}\\CPQTeam", {"Type": 1, "Start": 2, "ErrorControl": 1, "Group": "NDIS", "DisplayName": "Compaq Network Teaming",
                                          "ImagePath": Expand("\\SystemRoot\\System32\\drivers\\cpqteam.sys")})
        keys.put(f"{services}\\CPQTeam\\Linkage", {"Bind": [f"\\Device\\{m}" for m in team["members"]],
                                                   "Export": [f"\\Device\\{team['adapter']}"],
                                                   "Route": [f'"CPQTeam" "{CARDS[spec["network"][0]["model"]][0]}" "{m}"' for m in team["members"]]})
        keys.put(f"{services}\\CPQTeam\\Parameters", {"Members": team["members"], "Mode": 1})

    # Protocols see the cards that carry addresses (with a team: only its virtual adapter).
    upper = [c for c in spec["network"] if c.get("address") or c.get("dhcp")]
    route = {c["adapter"]: f'"CPQTeam" "{c["adapter"]}"' if c.get("virtual") else f'"{CARDS[c["model"]][0]}" "{c["adapter"]}"' for c in upper}
    names = [c["adapter"] for c in upper]

    def linkage(service, bind, export, chain):
        keys.put(f"{services}\\{service}\\Linkage", {"Bind": bind, "Export": export, "Route": chain})
        keys.put(f"{services}\\{service}\\Linkage\\Disabled", {"Bind": [], "Export": [], "Route": []})

    devices = [f"\\Device\\{n}" for n in names]
    netbt = [f"\\Device\\NetBT_{n}" for n in names]
    linkage("Tcpip", devices, ["\\Device\\Tcpip"], [route[n] for n in names])
    linkage("NetBT", ["\\Device\\Tcpip"] * 0 + devices, netbt, [f'"Tcpip" {route[n]}' for n in names])
    chain = [f'"NetBT" "Tcpip" {route[n]}' for n in names]
    linkage("LanmanServer", netbt, [f"\\Device\\LanmanServer_NetBT_{n}" for n in names], chain)
    linkage("LanmanWorkstation", netbt, [f"\\Device\\LanmanWorkstation_NetBT_{n}" for n in names], chain)
    linkage("NetBIOS", netbt, [f"\\Device\\NetBIOS_NetBT_{n}" for n in names], chain)
    linkage("DHCP", devices, [], [])
    keys.put(f"{services}\\NetBIOS\\Linkage", {"LanaMap": b"".join(struct.pack("<BB", 1, i) for i in range(len(names)))})
    keys.put(f"{services}\\NetBIOS\\Parameters", {"MaxLana": len(names) - 1, "EnumExport1": 1})
    for n in names:
        keys.put(f"{services}\\NetBT\\Adapters\\{n}", {"NameServer": spec.get("wins", ""), "NameServerBackup": "", "DhcpNameServer": ""})
    keys.put(f"{services}\\NetBT\\Parameters", {"NbProvider": "_tcp", "BcastNameQueryCount": 3, "TransportBindName": "\\Device\\"})
    keys.put(f"{services}\\Tcpip\\Parameters",
             {"HostName": spec["name"].lower(), "Domain": spec.get("dns_domain", ""), "NameServer": spec.get("dns", ""), "SearchList": "",
              "IPEnableRouter": 0, "DataBasePath": Expand("%SystemRoot%\\System32\\drivers\\etc")})
    keys.put(f"{services}\\Tcpip\\Parameters\\PersistentRoutes", {r: "" for r in spec.get("routes", [])})


def control_set(keys, base, spec):
    for name, kind, start, error, group, tag, image, depends in services_table():
        add_service(keys, base, name, int(kind), int(start), int(error), None if group == "-" else group,
                    None if tag == "-" else int(tag), None if image == "-" else image, depends)
    for name, values in spec.get("services", {}).items():
        image = {"ImagePath": Expand(values["ImagePath"])} if "ImagePath" in values else {}
        keys.put(f"{base}\\Services\\{name}", {**values, **image})
    for path, values in spec.get("system_extra", {}).items():
        keys.put(f"{base}\\{path}", values)
    groups = {}
    for name, _, _, _, group, tag, _, _ in services_table():
        if tag != "-":
            groups.setdefault(group.lower(), (group, []))[1].append(int(tag))
    for values in spec.get("services", {}).values():
        if values.get("Group") and values.get("Tag"):
            groups.setdefault(values["Group"].lower(), (values["Group"], []))[1].append(values["Tag"])
    for group, tags in groups.values():
        tags = sorted(set(tags))
        keys.put(f"{base}\\Control\\GroupOrderList", {group: struct.pack(f"<{len(tags) + 1}I", len(tags), *tags)})
    keys.put(f"{base}\\Control\\ServiceGroupOrder", {"List": GROUP_ORDER})

    control = f"{base}\\Control"
    keys.put(control, {"CurrentUser": "USERNAME", "RegistrySizeLimit": 0, "WaitToKillServiceTimeout": "20000",
                       "SystemStartOptions": "", "SystemBootDevice": spec["boot_arc"]})
    keys.put(f"{control}\\ComputerName\\ComputerName", {"ComputerName": spec["name"]})
    keys.put(f"{control}\\ProductOptions", {"ProductType": spec["product_type"],
                                            **({"ProductSuite": spec["suite"]} if spec.get("suite") else {})})
    keys.put(f"{control}\\TimeZoneInformation", {"ActiveTimeBias": 0xFFFFFF88, "Bias": 0xFFFFFFC4, "StandardBias": 0, "DaylightBias": 0xFFFFFFC4,
                                                 "StandardName": "W. Europe Standard Time", "DaylightName": "W. Europe Daylight Time",
                                                 "StandardStart": bytes([0, 0, 10, 0, 5, 0, 3] + [0] * 9),
                                                 "DaylightStart": bytes([0, 0, 3, 0, 5, 0, 2] + [0] * 9)})
    keys.put(f"{control}\\Nls\\Language", {"Default": "0407", "InstallLanguage": "0407"})
    keys.put(f"{control}\\Nls\\CodePage", {"ACP": "1252", "OEMCP": "850"})
    keys.put(f"{control}\\Windows", {"CSDVersion": spec["sp"] << 8, "Directory": Expand("%SystemRoot%"), "ErrorMode": 0,
                                     "SystemDirectory": Expand("%SystemRoot%\\system32"), "NoInteractiveServices": 0})
    keys.put(f"{control}\\CrashControl", {"AutoReboot": 1, "CrashDumpEnabled": 1, "LogEvent": 1, "Overwrite": 1, "SendAlert": 1,
                                          "DumpFile": Expand("%SystemRoot%\\MEMORY.DMP")})
    keys.put(f"{control}\\Session Manager", {"BootExecute": spec.get("boot_execute", ["autocheck autochk *"]), "CriticalSectionTimeout": 2592000,
                                             "ObjectDirectories": ["\\Windows", "\\RPC Control"], "ProtectionMode": 0,
                                             "RegisteredProcessors": 4, "LicensedProcessors": 4})
    keys.put(f"{control}\\Session Manager\\Memory Management",
             {"PagingFiles": spec.get("paging", [f"{spec['boot_letter']}:\\pagefile.sys 64 128"]), "LargeSystemCache": 1, "PagedPoolSize": 0,
              "NonPagedPoolSize": 0, "ClearPageFileAtShutdown": 0, "IoPageLockLimit": 0, "SystemPages": 0, "SecondLevelDataCache": 0})
    keys.put(f"{control}\\Session Manager\\Environment",
             {"ComSpec": Expand("%SystemRoot%\\system32\\cmd.exe"), "NUMBER_OF_PROCESSORS": str(spec.get("processors", 1)), "OS": "Windows_NT",
              "PROCESSOR_ARCHITECTURE": "x86", "PROCESSOR_IDENTIFIER": "x86 Family 6 Model 5 Stepping 2, GenuineIntel",
              "PROCESSOR_LEVEL": "6", "PROCESSOR_REVISION": "0502", "windir": Expand("%SystemRoot%"), "Path": Expand("%SystemRoot%\\system32;%SystemRoot%")})
    keys.put(f"{control}\\Session Manager\\KnownDLLs", {"kernel32": "kernel32.dll", "user32": "user32.dll", "DllDirectory": Expand("%SystemRoot%\\system32")})
    keys.put(f"{control}\\hivelist", {})
    keys.put(f"{control}\\Print\\Printers", {})
    for printer in spec.get("printers", []):
        keys.put(f"{control}\\Print\\Printers\\{printer['name']}", {"Name": printer["name"], "Port": printer["port"],
                                                                      "Printer Driver": printer["driver"], "Share Name": printer["name"]})
    shares = {"NETLOGON": ["Path=C:\\WINNT\\system32\\Repl\\Import\\Scripts", "Type=0"]} if spec["product_type"] == "LanmanNT" else {}
    for share, path in spec.get("shares", {}).items():
        shares[share] = ["CSCFlags=0", "MaxUses=4294967295", f"Path={path}", "Permissions=63", f"Remark={share}", "Type=0"]
    keys.put(f"{base}\\Services\\LanmanServer\\Shares", shares)
    keys.put(f"{base}\\Services\\LanmanServer\\Parameters", {"Size": 3, "EnableSharedNetDrives": 1, "Users": 0xFFFFFFFF})

    video = spec.get("video", "cirrus")
    for driver, dlls in (("VgaSave", ["vga", "framebuf", "vga256", "vga64k"]), ("VgaStart", ["vga"]), ("vga", ["vga", "framebuf", "vga256", "vga64k"]),
                         ("cirrus", ["vga", "cirrus", "vga256", "vga64k"]), ("s3", ["s3"]), ("ati", ["ati"])):
        keys.put(f"{base}\\Services\\{driver}\\Device0", {"InstalledDisplayDrivers": dlls, "VgaCompatible": int(driver.lower().startswith("vga")),
                                                           "Device Description": driver + " compatible display adapter"})
    keys.put(f"{base}\\Services\\{video}", {"Start": 1})
    keys.put(f"{base}\\Hardware Profiles\\0001\\System\\CurrentControlSet\\Services\\{video}\\Device0",
             {"DefaultSettings.BitsPerPel": 8, "DefaultSettings.XResolution": 800, "DefaultSettings.YResolution": 600,
              "DefaultSettings.VRefresh": 60, "DefaultSettings.Flags": 0})
    keys.put(f"{base}\\Services\\atapi\\Parameters\\Device0", {})
    add_network(keys, base, spec)
    for service in ("Afd", "Beep", "Cdrom", "Disk", "Floppy", "NetBT", "Tcpip") + tuple(c["adapter"] for c in spec["network"]):
        keys.put(f"{base}\\Enum\\Root\\LEGACY_{service.upper()}\\0000",
                 {"Class": "LegacyDriver", "ConfigFlags": 0, "DeviceDesc": service, "Legacy": 1, "Service": service})


def system_keys(spec):
    keys = Keys(SYSTEM)
    control_set(keys, "ControlSet001", spec)
    keys.copy_tree("ControlSet001", "ControlSet002")
    keys.put("ControlSet002\\Control\\Windows", {"ShutdownTime": bytes(8)})  # the older set is not quite the same
    keys.put("Select", spec.get("select", {"Current": 1, "Default": 1, "Failed": 0, "LastKnownGood": 2}))
    keys.put("Setup", {"SystemSetupInProgress": 0, "CmdLine": "", "NetcardDlls": [], "SetupType": 0, "SystemPartition": spec["system_device"]})
    if spec.get("disk_key", True):
        keys.put("DISK", {"Information": disk_information(spec), "\\device\\CdRom0": spec.get("cdrom_letter", "G") + ":"})
    else:
        keys.put("DISK", {})
    for path, values in spec.get("system_root_keys", {}).items():
        keys.put(path, values)
    return keys


def software_keys(spec):
    keys = Keys(SOFTWARE)
    version = {"CurrentVersion": spec.get("nt_version", "4.0"), "CurrentBuildNumber": spec.get("build", "1381"),
               "CurrentBuild": "1.511.1 () (Obsolete data - do not use)",
               "CurrentType": "Multiprocessor Free" if spec["kernel"] == "ntkrnlmp.exe" else "Uniprocessor Free",
               "InstallDate": 0x33D9A5C0, "ProductId": "00000-000-0000000-00000", "RegisteredOrganization": "Example Works",
               "RegisteredOwner": "Example", "SoftwareType": "SYSTEM", "SourcePath": "D:\\I386", "SystemRoot": f"{spec['boot_letter']}:\\{spec['root']}",
               "PathName": f"{spec['boot_letter']}:\\{spec['root']}"}
    if spec["sp"]:
        version["CSDVersion"] = f"Service Pack {spec['sp']}"
    keys.put(CURRENT_VERSION, version)
    for hotfix, text in spec.get("hotfixes", {}).items():
        keys.put(f"{CURRENT_VERSION}\\HotFix\\{hotfix}", {"Installed": 1, "Comments": text, "Backup Dir": "", "Fix Description": text})
    for number, card in enumerate(spec["network"], 1):
        driver, vendor, title, _ = CARDS[card["model"]]
        if card.get("virtual"):
            driver, title = "CPQTeam", "Compaq Network Teaming Virtual Adapter"
        at = f"{CURRENT_VERSION}\\NetworkCards\\{number}"
        keys.put(at, {"Description": title, "InstallDate": 0x33D9A5C0, "Manufacturer": vendor, "ProductName": driver,
                      "ServiceName": card["adapter"], "Title": f"[{number}] {title}"})
        keys.put(at + "\\NetRules", {"bindform": f'"{card["adapter"]}" yes yes container', "class": [f"{driver}Adapter basic"],
                                     "InfName": f"oemnad{driver[:2].lower()}.inf", "InfOption": driver, "type": f"{driver} {driver}Adapter"})
        keys.put(f"{vendor}\\{driver}\\CurrentVersion",
                 {"Description": title, "InstallDate": 0x33D9A5C0, "MajorVersion": 4, "MinorVersion": 0, "RefCount": 1, "ServiceName": driver,
                  "SoftwareType": "driver", "Title": title})
        keys.put(f"{vendor}\\{driver}\\CurrentVersion\\NetRules",
                 {"bindable": [f"{driver}Driver {driver}Adapter non exclusive 100"], "bindform": f"{driver}Sys yes no container",
                  "class": [f"{driver}Driver basic"], "InfName": f"oemnad{driver[:2].lower()}.inf", "InfOption": driver,
                  "type": f"{driver}Sys ndisDriver {driver}Driver", "use": "driver"})
    winlogon = {"DefaultUserName": "Administrator", "DefaultDomainName": spec["name"], "Shell": "Explorer.exe", "Userinit": "userinit,nddeagnt.exe",
                "System": "lsass.exe", "AutoAdminLogon": "0"}
    if spec.get("gina"):
        winlogon["GinaDLL"] = spec["gina"]
    keys.put(f"{CURRENT_VERSION}\\Winlogon", winlogon)
    keys.put(f"{CURRENT_VERSION}\\Ports", {"LPT1:": "", "COM1:": "9600,n,8,1", "FILE:": ""})
    for name, values in {"Microsoft Internet Explorer 5": {"DisplayName": "Microsoft Internet Explorer 5"}, **spec.get("uninstall", {})}.items():
        keys.put(f"Microsoft\\Windows\\CurrentVersion\\Uninstall\\{name}", values)
    keys.put("Microsoft\\Windows\\CurrentVersion", {"ProgramFilesDir": f"{spec['boot_letter']}:\\Program Files"})
    for path, values in spec.get("software_extra", {}).items():
        keys.put(path, values)
    return keys
