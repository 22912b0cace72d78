// Conditions that no lookalike disk shows, on inspections made by hand: one change each to a healthy server.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/assess/assess.hpp"

#include <catch2/catch.hpp>

#include <functional>

using namespace ntferry;
using namespace ntferry::assess;

namespace {

nt::Service driver(const char* name, std::uint32_t start, const char* group, std::uint32_t error = 1) {
    nt::Service service;
    service.name = name;
    service.type = nt::service_kernel_driver;
    service.start = start;
    service.group = group;
    service.error_control = error;
    return service;
}

nt::FileFacts good_file(const std::string& path) {
    nt::FileFacts file;
    file.path = path;
    file.present = file.pe = file.checksum_good = true;
    file.size = 10000;
    file.machine = nt::pe::machine_i386;
    return file;
}

/// A server that is ready as it stands: NT 4.0 SP6a on IDE with an AMD card, Standard PC HAL.
nt::Inspection healthy() {
    nt::Inspection inspection;
    inspection.vendors = nt::load_vendor_table();
    nt::DiskFacts disk;
    disk.source = "disk0";
    disk.bytes = std::uint64_t{4} << 30U;
    disk.layout.signature = 0x12345678;
    disk.layout.disk_sectors = disk.bytes / 512;
    volume::Partition partition;
    partition.arc_number = 1;
    partition.type = 0x07;
    partition.active = true;
    partition.start_lba = 63;
    partition.sectors = 4000000;
    disk.layout.partitions = {partition};
    disk.geometry.confidence = volume::GeometryConfidence::certain;
    disk.boot_code = true;
    inspection.disks = {disk};

    nt::VolumeFacts volume;
    volume.arc_number = 1;
    volume.type = 0x07;
    volume.active = true;
    volume.start_lba = 63;
    volume.sectors = 4000000;
    volume.letter = 'C';
    volume.files = volume::FileSystemInfo{};
    volume.files->total_bytes = std::uint64_t{2} << 30U;
    volume.files->free_bytes = std::uint64_t{1} << 30U;
    volume.files->version_major = 1;
    volume.files->version_minor = 2;
    volume.bpb = volume::Bpb{};
    volume.bpb->hidden_sectors = 63;
    inspection.volumes = {volume};

    nt::BootFacts& boot = inspection.boot;
    boot.volume = 0;
    boot.ntldr = good_file("C:\\ntldr");
    boot.ntdetect = good_file("C:\\ntdetect.com");
    boot.boot_ini_present = true;
    const std::string ini =
        "[boot loader]\r\ntimeout=5\r\ndefault=multi(0)disk(0)rdisk(0)partition(1)\\WINNT\r\n[operating "
        "systems]\r\nmulti(0)disk(0)rdisk(0)partition(1)\\WINNT=\"NT\"\r\n";
    boot.boot_ini = nt::parse_boot_ini(Bytes(ini.begin(), ini.end()));
    boot.choices = {{boot.boot_ini.entries[0], {0, {}, false}, true}};

    nt::Installation one;
    one.place = {0, "\\WINNT"};
    one.title = "\\WINNT on C:";
    one.control_sets.active = "ControlSet001";
    one.product.version = "4.0";
    one.product.service_pack = 6;
    one.product.sp6a = true;
    one.product.csd = "Service Pack 6";
    one.product.role = nt::Role::standalone_server;
    one.disk_key = true;
    one.cdrom_letter = "G:";
    one.kernel.kernel.file = good_file("ntoskrnl.exe");
    one.kernel.kernel.name = "ntoskrnl.exe";
    one.kernel.hal.file = good_file("hal.dll");
    one.kernel.hal.name = "hal.dll";
    one.kernel.hal_kind = nt::find_hal("hal.dll");
    one.kernel.multiprocessor_kernel = false;
    one.services = {driver("atapi", 0, "SCSI miniport"),     driver("Disk", 0, "SCSI class"),
                    driver("Cdrom", 1, "SCSI CDROM Class"),  driver("i8042prt", 1, "Keyboard Port"),
                    driver("Kbdclass", 1, "Keyboard Class"), driver("Mouclass", 1, "Pointer Class"),
                    driver("VgaSave", 1, "Video Save"),      driver("Fs_Rec", 1, "Boot file system")};
    one.group_order = {"SCSI miniport", "SCSI class", "SCSI CDROM class"};
    nt::VideoDriver save;
    save.service = "VgaSave";
    save.start = 1;
    save.has_device0 = true;
    one.peripherals.video = {save};
    one.peripherals.page_files = {"C:\\pagefile.sys 64 128"};
    one.peripherals.boot_execute = {"autocheck autochk *"};
    nt::NetworkAdapter card;
    card.key = "AMDPCN1";
    card.driver = "AMDPCN";
    card.driver_start = 2;
    card.card = "1";
    card.address_override = "00AABBCCDDEE";
    one.network.adapters = {card};
    one.driver_sources = {{"atapi.sys", "C:\\WINNT\\system32\\drivers\\atapi.sys"},
                          {"amdpcn.sys", "C:\\WINNT\\system32\\drivers\\amdpcn.sys"}};
    inspection.installations = {one};
    return inspection;
}

profiles::Profile machine() {
    profiles::Profile profile;
    profile.name = "nt4";
    profile.patch.family = "nt4";
    profile.patch.driver_files = {"atapi.sys", "amdpcn.sys"};
    for (const auto& [type, id] : {std::pair("piix3-ide", "ide0"), std::pair("pcnet", "net0")}) {
        profiles::DeviceSpec device;
        device.type = type;
        device.id = id;
        profile.devices.push_back(device);
    }
    return profile;
}

struct Case {
    const char* code;
    Severity severity;
    std::function<void(nt::Inspection&)> change;
};

nt::Installation& server(nt::Inspection& inspection) {
    return inspection.installations.front();
}

void replace_boot_ini(nt::Inspection& inspection, const std::string& path, const std::string& switches) {
    const std::string ini = "[boot loader]\r\ntimeout=5\r\ndefault=" + path + "\r\n[operating systems]\r\n" +
                            path + "=\"NT\" " + switches + "\r\n";
    inspection.boot.boot_ini = nt::parse_boot_ini(Bytes(ini.begin(), ini.end()));
    inspection.boot.choices.front().entry = inspection.boot.boot_ini.entries.front();
}

constexpr const char* arc = "multi(0)disk(0)rdisk(0)partition(1)\\WINNT";

void add_service(nt::Inspection& inspection, nt::Service service) {
    const nt::VendorEntry* vendor = inspection.vendor_of(service);
    if (vendor != nullptr)
        server(inspection).known.push_back({service.name, "", service.start, vendor});
    server(inspection).services.push_back(std::move(service));
}

nt::HiveFacts hive(const char* name, std::uint64_t size) {
    nt::HiveFacts facts;
    facts.name = name;
    facts.path = std::string("\\WINNT\\system32\\config\\") + name;
    facts.present = facts.usable = true;
    facts.size = size;
    facts.minor = 3;
    return facts;
}

const std::vector<Case>& cases() {
    using S = Severity;
    using I = nt::Inspection;
    static const std::vector<Case> all = {
        // B.1: disks and the way to the kernel
        {"disk.no-table", S::decision, [](I& i) { i.disks.push_back({}); i.disks[1].source = "disk1"; i.disks[1].problem = "no table"; }},
        {"disk.table-problems", S::warning, [](I& i) { i.disks[0].layout.problems = {"chain loops"}; }},
        {"disk.vendor-partition", S::info, [](I& i) { i.disks[0].layout.partitions.push_back({}); i.disks[0].layout.partitions[1].type = 0x12; }},
        {"disk.partition-type", S::warning, [](I& i) { i.disks[0].layout.partitions.push_back({}); i.disks[0].layout.partitions[1].type = 0x0C; }},
        {"disk.geometry-contradiction", S::decision, [](I& i) { i.disks[0].geometry.contradictions = {"partition 1 says 64 heads"}; }},
        {"disk.geometry-unknown", S::warning, [](I& i) { i.disks[0].geometry.confidence = volume::GeometryConfidence::none; }},
        {"disk.geometry", S::info, [](I& i) { i.disks[0].geometry.heads = 240; i.disks[0].geometry.evidence = {"BPB"}; }},
        {"disk.count", S::decision, [](I& i) { i.disks.resize(4); for (auto& d : i.disks) { d.source = "d"; } }},
        {"disk.too-large", S::blocker, [](I& i) { i.disks[0].bytes = std::uint64_t{200} << 30U; }},
        {"disk.8gb-before-sp4", S::decision, [](I& i) { i.disks[0].bytes = std::uint64_t{9} << 30U; server(i).product.service_pack = 3; }},
        {"disk.no-signature", S::info, [](I& i) { i.disks[0].layout.signature = 0; }},
        {"disk.same-signature", S::decision, [](I& i) { i.disks.push_back(i.disks[0]); }},
        {"letters.not-fixed", S::change, [](I& i) { i.volumes.push_back(i.volumes[0]); server(i).disk_key = false; }},
        {"letters.cdrom", S::info, [](I& i) { server(i).cdrom_letter.clear(); }},
        {"letters.information", S::warning, [](I& i) { i.problems = {"DISK\\Information: a record leaves the value"}; }},
        {"ft.degraded", S::warning, [](I& i) { i.ft_sets.push_back({}); i.ft_sets[0].kind = "stripe with parity"; i.ft_sets[0].members = 3; i.ft_sets[0].volumes = {0}; }},
        {"ft.unknown-member", S::decision, [](I& i) { i.volumes.push_back(i.volumes[0]); i.volumes[1].ft_member = true; }},
        {"boot.no-active", S::change, [](I& i) { i.disks[0].layout.partitions[0].active = false; }},
        {"boot.no-mbr-code", S::change, [](I& i) { i.disks[0].boot_code = false; }},
        {"boot.disk-order", S::decision, [](I& i) { i.volumes[0].disk = 1; }},
        {"boot.hidden-sectors", S::change, [](I& i) { i.volumes[0].bpb->hidden_sectors = 0; }},
        {"boot.ntldr-missing", S::decision, [](I& i) { i.boot.ntldr.present = false; }},
        {"boot.ntdetect-missing", S::decision, [](I& i) { i.boot.ntdetect.present = false; }},
        {"boot.ini-missing", S::change, [](I& i) { i.boot.boot_ini_present = false; }},
        {"boot.compressed", S::decision, [](I& i) { i.boot.ntldr.attributes = volume::attribute_compressed; }},
        {"boot.ntbootdd-size", S::info, [](I& i) { i.boot.ntbootdd = good_file("C:\\ntbootdd.sys"); i.boot.ntbootdd.size = 70000; }},
        {"boot.system-beyond-reach", S::decision, [](I& i) { i.volumes[0].start_lba = 17000000; }},
        {"boot.system-root-beyond-reach-end", S::warning, [](I& i) { i.volumes[0].sectors = 17000000; }},
        {"boot.multi-4gb", S::decision, [](I& i) { i.volumes[0].start_lba = 9000000; i.boot.ntldr_linked = 900000000; }},
        {"boot.ini-problems", S::warning, [](I& i) { i.boot.boot_ini.problems = {"line 9: 'x' is not understood"}; }},
        {"boot.arc-nowhere", S::change, [](I& i) { i.boot.choices[0].target = {std::nullopt, "disk 0 has no partition 4", false}; }},
        {"boot.no-system-there", S::change, [](I& i) { i.boot.choices[0].system_there = false; }},
        {"boot.multi-form", S::change, [](I& i) { replace_boot_ini(i, "multi(1)disk(0)rdisk(0)partition(1)\\WINNT", ""); }},
        {"boot.rdisk", S::warning, [](I& i) { replace_boot_ini(i, "multi(0)disk(0)rdisk(1)partition(1)\\WINNT", ""); }},
        {"boot.several", S::warning, [](I& i) { i.installations.push_back(server(i)); }},
        {"boot.burnmemory", S::warning, [](I& i) { replace_boot_ini(i, arc, "/burnmemory=32"); }},
        {"boot.pae", S::warning, [](I& i) { replace_boot_ini(i, arc, "/pae"); }},
        {"boot.basevideo", S::info, [](I& i) { replace_boot_ini(i, arc, "/basevideo"); }},
        {"boot.no-default", S::change, [](I& i) { i.boot.boot_ini.default_path.clear(); }},
        {"boot.system-beyond-reach-end", S::warning, [](I& i) { i.volumes[0].sectors = 17000000; }},
        {"boot.file-beyond-reach", S::decision, [](I& i) { server(i).beyond_reach = {"C:\\WINNT\\system32\\hal.dll at sector 17000000"}; }},
        {"profile.several", S::info, [](I& i) { server(i).profiles = {{1, "Original Configuration", true, {}}, {2, "Undocked", false, {}}}; }},
        {"profile.disabled-needed", S::decision, [](I& i) { server(i).profiles = {{1, "", true, {"Disk"}}}; }},
        {"profile.disabled", S::info, [](I& i) { server(i).profiles = {{1, "", true, {"Beep"}}}; }},
        {"storage.group-order", S::decision, [](I& i) { server(i).group_order = {"Base"}; }},
        {"storage.fs-rec", S::warning, [](I& i) { server(i).services.back().start = 4; }},
        {"storage.disk-missing", S::change, [](I& i) { server(i).services.erase(server(i).services.begin() + 1); }},
        {"settings.utc-clock", S::info, [](I& i) { server(i).peripherals.utc_clock = true; }},
        {"hal.kernel-missing", S::decision, [](I& i) { server(i).kernel.kernel.file.present = false; }},
        {"volume.boot-copy", S::info, [](I& i) { i.volumes[0].boot_copy_good = false; }},
        {"driver.severe", S::decision, [](I& i) { add_service(i, driver("pcmcia", 1, "System Bus Extender", 3)); }},
        {"boot.maxmem", S::warning, [](I& i) { replace_boot_ini(i, arc, "/MAXMEM=64"); }},
        {"boot.numproc", S::info, [](I& i) { replace_boot_ini(i, arc, "/numproc=1"); }},
        {"boot.onecpu", S::info, [](I& i) { replace_boot_ini(i, arc, "/onecpu"); }},
        {"boot.pcilock", S::info, [](I& i) { replace_boot_ini(i, arc, "/pcilock"); }},
        {"boot.3gb", S::warning, [](I& i) { replace_boot_ini(i, arc, "/3gb"); }},
        {"boot.kernel", S::info, [](I& i) { replace_boot_ini(i, arc, "/kernel=ntkrnlmp.exe"); }},
        {"boot.hal", S::info, [](I& i) { replace_boot_ini(i, arc, "/hal=halmps.dll"); }},
        {"boot.timeout", S::info, [](I& i) { i.boot.boot_ini.timeout.reset(); }},
        // B.2, B.4: registry, storage, network, video, settings
        {"controlset.select", S::warning, [](I& i) { server(i).control_sets.problems = {"Select\\Default names ControlSet003, which is not there"}; }},
        {"controlset.failed", S::warning, [](I& i) { nt::ControlSet set; set.number = 2; set.failed = set.present = true; server(i).control_sets.sets = {set}; }},
        {"storage.atapi-missing", S::change, [](I& i) { server(i).services.erase(server(i).services.begin()); }},
        {"storage.disk-start", S::change, [](I& i) { server(i).services[1].start = 4; }},
        {"storage.cdrom", S::change, [](I& i) { server(i).services[2].start = 4; }},
        {"storage.atdisk", S::change, [](I& i) { add_service(i, driver("Atdisk", 0, "Primary disk")); }},
        {"storage.adapter", S::change, [](I& i) { add_service(i, driver("fasttrak", 0, "SCSI miniport")); }},
        {"storage.san", S::decision, [](I& i) { add_service(i, driver("ql2200", 0, "SCSI miniport")); }},
        {"storage.dma", S::info, [](I& i) { server(i).peripherals.ide_parameters = {"Device0: DMADetectionLevel = 0x1,0x1"}; }},
        {"network.dial-up", S::info, [](I& i) { server(i).network.adapters[0].dial_up = true; }},
        {"network.unbound", S::info, [](I& i) { server(i).network.adapters[0].disabled = true; }},
        {"network.no-driver", S::warning, [](I& i) { server(i).network.adapters[0].driver.clear(); }},
        {"network.driver-start", S::change, [](I& i) { server(i).network.adapters[0].driver_start = 1; }},
        {"network.mac-unknown", S::info, [](I& i) { server(i).network.adapters[0].address_override.clear(); }},
        {"network.mac-set", S::info, [](I&) {}},
        {"network.same-card", S::info, [](I&) {}},
        {"network.not-listed", S::info, [](I& i) { server(i).network.adapters[0].card.clear(); }},
        {"network.count", S::decision, [](I& i) { server(i).network.adapters.resize(3, server(i).network.adapters[0]); }},
        {"network.none", S::info, [](I& i) { server(i).network.adapters.clear(); }},
        {"network.dhcp", S::info, [](I& i) { server(i).network.adapters[0].ip.dhcp = true; }},
        {"network.filter", S::info, [](I& i) { server(i).network.adapters[0].ip.security_filter = true; }},
        {"network.router", S::warning, [](I& i) { server(i).network.forwarding = true; }},
        {"network.protocol", S::info, [](I& i) { server(i).network.protocols = {"NwlnkIpx"}; }},
        {"video.device0", S::decision, [](I& i) { server(i).peripherals.video[0].has_device0 = false; }},
        {"video.vgasave-start", S::change, [](I& i) { server(i).peripherals.video[0].start = 4; }},
        {"video.no-vgasave", S::decision, [](I& i) { server(i).peripherals.video.clear(); }},
        {"video.vga-replaced", S::warning, [](I& i) { server(i).peripherals.vga_dll = good_file("vga.dll"); server(i).peripherals.vga_dll.version.emplace(); server(i).peripherals.vga_dll.version->strings["CompanyName"] = "Symantec"; }},
        {"input.ps2", S::change, [](I& i) { server(i).services[3].start = 4; }},
        {"logon.automatic", S::info, [](I& i) { server(i).peripherals.auto_logon = true; }},
        {"settings.crash-dump", S::change, [](I& i) { server(i).peripherals.crash_dump = 1; }},
        {"settings.no-page-file", S::warning, [](I& i) { server(i).peripherals.page_files.clear(); }},
        {"settings.page-file-drive", S::warning, [](I& i) { server(i).peripherals.page_files = {"Q:\\pagefile.sys 64 128"}; }},
        {"settings.boot-program", S::warning, [](I& i) { server(i).peripherals.boot_execute = {"autocheck autodefrag"}; }},
        // B.3: HAL and kernel
        {"hal.missing", S::decision, [](I& i) { server(i).kernel.hal.file.present = false; }},
        {"hal.oem", S::decision, [](I& i) { server(i).kernel.hal_kind = nullptr; server(i).kernel.hal.name = "cpqhal.dll"; }},
        {"hal.mismatch", S::decision, [](I& i) { server(i).kernel.multiprocessor_kernel = true; }},
        {"hal.levels-differ", S::warning, [](I& i) { auto& k = server(i).kernel; k.kernel.file.version.emplace(); k.hal.file.version.emplace(); k.kernel.file.version->file = {4, 0, 1381, 335}; k.hal.file.version->file = {4, 0, 1381, 204}; }},
        {"hal.kernel-level", S::warning, [](I& i) { auto& k = server(i).kernel; k.kernel.file.version.emplace(); k.hal.file.version.emplace(); k.kernel.file.version->file = k.hal.file.version->file = {4, 0, 1381, 204}; }},
        // B.6, B.7: files, product, hives, file systems
        {"files.missing", S::decision, [](I& i) { server(i).files["ntdll.dll"].path = "C:\\WINNT\\system32\\ntdll.dll"; }},
        {"files.checksum", S::decision, [](I& i) { auto& f = server(i).files["ntdll.dll"]; f = good_file("ntdll.dll"); f.checksum_good = false; }},
        {"files.no-program", S::decision, [](I& i) { auto& f = server(i).files["ntdll.dll"]; f = good_file("ntdll.dll"); f.pe = false; }},
        {"files.unreadable", S::decision, [](I& i) { auto& f = server(i).files["ntdll.dll"]; f = good_file("ntdll.dll"); f.problem = "bad sector"; }},
        {"files.needed", S::change, [](I& i) { server(i).driver_sources["amdpcn.sys"] = "C:\\I386\\amdpcn.sy_"; }},
        {"product.unknown", S::decision, [](I& i) { server(i).product.version.clear(); }},
        {"product.old-service-pack", S::warning, [](I& i) { server(i).product.service_pack = 1; }},
        {"product.sp6-not-6a", S::info, [](I& i) { server(i).product.sp6a = false; }},
        {"product.service-pack-disagrees", S::warning, [](I& i) { server(i).product.service_pack_in_system = 4; }},
        {"product.enterprise", S::info, [](I& i) { server(i).product.enterprise = true; }},
        {"product.bdc", S::warning, [](I& i) { server(i).product.role = nt::Role::backup_controller; }},
        {"product.dc", S::warning, [](I& i) { server(i).product.role = nt::Role::domain_controller; }},
        {"product.member", S::info, [](I& i) { server(i).product.role = nt::Role::member_server; server(i).product.domain = "WORKS"; server(i).product.domain_from = "SECURITY"; }},
        {"product.setup-running", S::decision, [](I& i) { server(i).product.text_setup_pending = true; }},
        {"product.not-x86", S::blocker, [](I& i) { auto& f = server(i).files["ntoskrnl.exe"]; f = good_file("ntoskrnl.exe"); f.machine = nt::pe::machine_alpha; }},
        {"inspect.incomplete", S::warning, [](I& i) { server(i).problems = {"SOFTWARE: the hive is damaged"}; }},
        {"hive.unusable", S::blocker, [](I& i) { auto h = hive("SYSTEM", 1); h.usable = false; h.problem = "damaged"; server(i).hives = {h}; }},
        {"hive.dirty-no-log", S::decision, [](I& i) { auto h = hive("SYSTEM", 1); h.recovery.state = registry::HiveState::dirty_as_is; server(i).hives = {h}; }},
        {"hive.alt-differs", S::info, [](I& i) { auto h = hive("SYSTEM", 1); h.alternate_present = true; server(i).hives = {h}; }},
        {"hive.format", S::decision, [](I& i) { auto h = hive("SOFTWARE", 1); h.minor = 5; server(i).hives = {h}; }},
        {"hive.large", S::warning, [](I& i) { server(i).hives = {hive("SYSTEM", 9U << 20U)}; }},
        {"hive.too-large", S::decision, [](I& i) { server(i).hives = {hive("SYSTEM", 11U << 20U)}; }},
        {"hive.registry-limit", S::warning, [](I& i) { server(i).hives = {hive("SYSTEM", 8U << 20U)}; server(i).peripherals.registry_size_limit = 8U << 20U; }},
        {"volume.dirty", S::decision, [](I& i) { i.volumes[0].files->dirty = true; }},
        {"volume.unreadable", S::warning, [](I& i) { i.volumes.push_back(i.volumes[0]); i.volumes[1].files.reset(); i.volumes[1].problem = "neither FAT nor NTFS"; }},
        {"volume.ntfs-version", S::warning, [](I& i) { i.volumes[0].files->version_major = 3; i.volumes[0].files->version_minor = 0; }},
        {"volume.fat32", S::warning, [](I& i) { i.volumes[0].files->kind = volume::FileSystemKind::fat32; }},
        {"volume.extended-oem", S::warning, [](I& i) { i.volumes[0].sectors = 9000000; server(i).product.service_pack = 3; }},
        {"volume.full", S::decision, [](I& i) { i.volumes[0].files->free_bytes = 1U << 20U; }},
        {"volume.nearly-full", S::warning, [](I& i) { i.volumes[0].files->free_bytes = 50U << 20U; }},
        // B.8: drivers and services
        {"driver.file-missing", S::decision, [](I& i) { server(i).drivers.push_back({"x", 0, "filter", 3, {}, nullptr}); }},
        {"driver.checksum", S::decision, [](I& i) { nt::DriverFacts d{"x", 0, "filter", 1, good_file("x.sys"), nullptr}; d.file.checksum_good = false; server(i).drivers = {d}; }},
        {"driver.import-missing", S::decision, [](I& i) { nt::DriverFacts d{"x", 0, "filter", 1, good_file("x.sys"), nullptr, {"CLASS2.SYS"}}; server(i).drivers = {d}; }},
        {"driver.oem", S::warning, [](I& i) { add_service(i, driver("acmefilt", 1, "filter")); }},
        {"service.cluster", S::decision, [](I& i) { add_service(i, driver("clusdisk", 1, "filter")); }},
        {"service.database", S::info, [](I& i) { nt::Service s; s.name = "MSSQLServer"; s.type = 0x10; s.start = 2; add_service(i, s); }},
        {"service.mail", S::info, [](I& i) { nt::Service s; s.name = "MSExchangeIS"; s.type = 0x10; s.start = 2; add_service(i, s); }},
        {"service.vendor-folder", S::change, [](I& i) { nt::Service s; s.name = "Watch"; s.type = 0x10; s.start = 2; s.image_path = "C:\\compaq\\watch.exe"; add_service(i, s); }},
    };
    return all;
}

} // namespace

TEST_CASE("a healthy server on the machine's own hardware is ready") {
    const Assessment assessment = assess::assess(healthy(), machine());
    for (const Finding& one : assessment.findings)
        UNSCOPED_INFO(one.code << ": " << one.title);
    CHECK(assessment.verdict == Verdict::ready);
}

TEST_CASE("each condition has its finding, of the weight it deserves") {
    for (const Case& one : cases()) {
        nt::Inspection inspection = healthy();
        one.change(inspection);
        const Assessment assessment = assess::assess(inspection, machine());
        CAPTURE(one.code);
        CHECK(assessment.has(one.code));
        for (const Finding& finding : assessment.findings)
            if (finding.code == one.code) {
                CHECK(std::string(severity_name(finding.severity)) == severity_name(one.severity));
                CHECK_FALSE(finding.evidence.empty());
                CHECK_FALSE(finding.remedy.empty());
            }
    }
}
