// Every code of docs/assess.md, seen on a lookalike disk: as it is made, or with one change to its sectors,
// files or hives. clang-format off keeps one condition a line. SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/assess/disk_server.hpp"
#include "tests/support/lookalike.hpp"
#include "tests/support/skip.hpp"

#include <fstream>
#include <iterator>
#include <regex>
#include <set>

using namespace ntferry;
using namespace ntferry::assess;
using test::DiskServer;
using volume::FileSystem;
using Edit = registry::HiveEditor;
using V = registry::Value;

namespace {

struct Case {
    std::string code;
    const char* variant;
    std::function<void(DiskServer&)> change; ///< none: the lookalike has it
    unsigned disks = 1;
    const char* profile = "nt4";
};

constexpr const char* arc = "multi(0)disk(0)rdisk(0)partition(1)\\WINNT";
constexpr const char* version = "Microsoft\\Windows NT\\CurrentVersion";
constexpr const char* winlogon = "Microsoft\\Windows NT\\CurrentVersion\\Winlogon";
const std::string system32 = "\\WINNT\\system32\\";

Bytes media_file(const std::string& path) {
    std::ifstream file(test::lookalike_media() + "/" + path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// A file of another lookalike's boot partition.
Bytes other_file(const char* variant, const std::string& path, unsigned index = 0) {
    return DiskServer(variant).file(path, index);
}

void service_pack(DiskServer& s, unsigned number, unsigned index = 0) {
    s.hive(
        "SOFTWARE",
        [&](Edit& e) { e.set(version, "CSDVersion", V::sz("Service Pack " + std::to_string(number))); },
        index);
}

/// Marks clusters of the first partition as used, all but `left`.
void fill(DiskServer& s, std::uint64_t left) {
    std::vector<volume::FileExtent> bitmap;
    s.files([&](FileSystem& fs) { bitmap = fs.file_extents("\\$Bitmap"); });
    const std::uint64_t begin = s.start() * 512;
    std::uint64_t free = 0;
    for (const auto& extent : bitmap) {
        Bytes bits(extent.length);
        s.disk().read(begin + extent.volume_offset, bits);
        for (auto& byte : bits)
            for (unsigned bit = 1; bit < 256; bit <<= 1U)
                if ((byte & bit) == 0 && ++free > left)
                    byte = static_cast<std::uint8_t>(byte | bit);
        s.disk().write(begin + extent.volume_offset, bits);
    }
}

void flip_last_byte(DiskServer& s, const std::string& path) {
    Bytes content = s.file(path);
    content.at(content.size() / 2) ^= 0xFFU;
    s.write(path, ByteView(content));
}

void pe_field(DiskServer& s, const std::string& path, std::size_t at, std::uint16_t value) {
    Bytes content = s.file(path);
    store_le<std::uint16_t>(content, load_le<std::uint32_t>(content, 0x3C) + at, value);
    s.write(path, ByteView(content));
}

/// "Microsoft" in a version resource becomes somebody else.
void rename_company(DiskServer& s, const std::string& path) {
    Bytes content = s.file(path);
    const Bytes name = [] {
        Bytes b;
        for (const char c : std::string("Microsoft")) {
            b.push_back(static_cast<std::uint8_t>(c));
            b.push_back(0);
        }
        return b;
    }();
    auto found = std::search(content.begin(), content.end(), name.begin(), name.end());
    REQUIRE(found != content.end());
    for (; found != content.end(); found = std::search(found, content.end(), name.begin(), name.end()))
        *found = 'N';
    s.write(path, ByteView(content));
}

void member_state(DiskServer& s, std::uint32_t state) {
    s.disk_information([&](Bytes& v) { store_le<std::uint32_t>(v, 0x30 + 4 + 8 + 4, state); });
}

/// A second hardware profile, or a service that the first one disables.
void disabled_in_profile(DiskServer& s, const std::string& service) {
    const std::string path = "Root\\LEGACY_" + service + "\\0000";
    s.set("Enum\\" + path, "Service", V::sz(service));
    s.set("Hardware Profiles\\0001\\System\\CurrentControlSet\\Enum\\" + path, "CSConfigFlags", 1);
}

void unbind(DiskServer& s) {
    for (const char* name : {"Tcpip", "NetBT", "DHCP"})
        s.set(std::string("Services\\") + name + "\\Linkage", "Bind", V::multi_sz({}));
}

// clang-format off
const std::vector<Case>& cases() {
    using S = DiskServer;
    static const std::vector<Case> all = {
        // Product (B.7.1)
        {"product.none", "dos", {}},
        {"product.unknown", "ide-ntfs", [](S& s) { s.software([](Edit& e) { e.delete_value(version, "CurrentVersion"); }); }},
        {"product.other-version", "nt351", {}},
        {"product.old-service-pack", "ide-ntfs", [](S& s) { service_pack(s, 1); }},
        {"product.service-pack", "fat16-ntfs", {}},
        {"product.sp6-not-6a", "ide-ntfs", [](S& s) { s.software([](Edit& e) { e.delete_key(std::string(version) + "\\HotFix\\Q246009"); }); }},
        {"product.service-pack-disagrees", "ide-ntfs", [](S& s) { s.set("Control\\Windows", "CSDVersion", 0x400); }},
        {"product.terminal-server", "tse", {}},
        {"product.enterprise", "ide-ntfs", [](S& s) { s.set("Control\\ProductOptions", "ProductSuite", V::multi_sz({"Enterprise"})); }},
        {"product.pdc", "dc-teaming", {}},
        {"product.bdc", "dc-teaming", [](S& s) { s.hive("SECURITY", [](Edit& e) { V v = e.hive().value("Policy\\PolSrvRo", "").value(); for (auto& b : v.data) if (b == 3) b = 2; e.set("Policy\\PolSrvRo", "", v); }); }},
        {"product.dc", "dc-teaming", [](S& s) { s.hive("SECURITY", [](Edit& e) { e.delete_key("Policy\\PolSrvRo"); }); }},
        {"product.member", "ide-ntfs", [](S& s) { s.set("Services\\Netlogon", "Start", 2); s.software([](Edit& e) { e.set(winlogon, "CachePrimaryDomain", V::sz("WORKS")); }); }},
        {"product.setup-running", "ide-ntfs", [](S& s) { s.system([](Edit& e) { e.set_dword("Setup", "SystemSetupInProgress", 1); }); }},
        {"product.not-x86", "ide-ntfs", [](S& s) { pe_field(s, system32 + "ntoskrnl.exe", 4, nt::pe::machine_alpha); }},
        // Disks (B.1.2, B.1.3, B.4)
        {"disk.no-table", "ide-ntfs", [](S& s) { Bytes none(2); s.add_disk().write(510, none); }},
        {"disk.table-problems", "ide-ntfs", [](S& s) { s.partition(3, 0x07, 4'000'000'000U, 1000); }},
        {"disk.vendor-partition", "compaq-eisa", {}},
        {"disk.partition-type", "ide-ntfs", [](S& s) { s.partition(3, 0x0C, 255 * 63 * 39, 1000); }},
        {"disk.geometry", "geo-240", {}},
        {"disk.geometry-contradiction", "ide-ntfs", [](S& s) { s.put16(s.start() * 512 + 0x1A, 64); }},
        {"disk.geometry-unknown", "ide-ntfs", [](S& s) { s.add_disk(); }},
        {"disk.count", "ide-ntfs", [](S& s) { for (int i = 0; i < 4; ++i) { s.add_disk(); } }},
        {"disk.too-large", "ide-ntfs", [](S& s) { s.disk().resize(std::uint64_t{200} << 30U); }},
        {"disk.8gb-before-sp4", "ide-ntfs", [](S& s) { s.disk().resize(std::uint64_t{9} << 30U); service_pack(s, 3); }},
        {"disk.no-signature", "ide-ntfs", [](S& s) { s.put32(0x1B8, 0); }},
        {"disk.same-signature", "ide-ntfs", [](S& s) { Bytes mbr(512); s.disk().read(0, mbr); s.add_disk().write(0x1B8, ByteView(mbr).subspan(0x1B8, 4)); }},
        {"letters.not-fixed", "fat16-ntfs", [](S& s) { s.hive("SYSTEM", [](Edit& e) { e.delete_value("DISK", "Information"); }, 1); }},
        {"letters.cdrom", "ide-ntfs", [](S& s) { s.system([](Edit& e) { e.delete_value("DISK", "\\device\\CdRom0"); }); }},
        {"letters.information", "ide-ntfs", [](S& s) { s.disk_information([](Bytes& v) { v.resize(60); }); }},
        // Fault-tolerant sets (B.2.6)
        {"ft.mirror", "ft-mirror", {}, 2},
        {"ft.set", "ft-stripe", {}, 2},
        {"ft.incomplete", "ft-stripe", {}, 1},
        {"ft.degraded", "ft-parity", {}, 2},
        {"ft.unknown-member", "ide-ntfs", [](S& s) { s.partition(3, 0x86, 255 * 63 * 39, 1000); }},
        {"ft.disabled", "ide-ntfs", [](S& s) { s.partition(3, 0xC7, 255 * 63 * 39, 1000); }},
        {"ft.stale-member", "ft-mirror", [](S& s) { member_state(s, 1); }, 2},
        {"ft.dirty-shutdown", "ft-mirror", [](S& s) { s.disk_information([](Bytes& v) { v[8] = 1; }); }, 2},
        {"ft.ftdisk-start", "ft-stripe", [](S& s) { s.set("Services\\Ftdisk", "Start", 4); }, 2},
        // File systems (B.7.5)
        {"volume.unreadable", "vendor-raid", [](S& s) { s.zero(s.start(2) * 512, 512); }},
        {"volume.hpfs", "vendor-raid", [](S& s) { const auto at = s.start(2) * 512; s.zero(at, 512); s.put32(at + 16 * 512, 0xF995E849); s.put32(at + 16 * 512 + 4, 0xFA53E9C5); }},
        {"volume.journal", "dirty-ntfs", {}},
        {"volume.dirty", "ide-ntfs", [](S& s) { s.mft_value("$Volume", 0x70, [](MutableByteView v) { v[10] |= 1; }); }},
        {"volume.ntfs-version", "ide-ntfs", [](S& s) { s.mft_value("$Volume", 0x70, [](MutableByteView v) { v[8] = 3; v[9] = 0; }); }},
        {"volume.fat32", "fat16-ntfs", [](S& s) {
             // A small FAT32 volume of another system in the free cylinders.
             constexpr std::uint32_t lba = 255 * 63 * 310;
             constexpr std::uint32_t sectors = 255 * 63;
             Bytes boot(512);
             store_le<std::uint16_t>(boot, 11, 512); boot[13] = 1; store_le<std::uint16_t>(boot, 14, 32); boot[16] = 2; boot[21] = 0xF8;
             store_le<std::uint16_t>(boot, 24, 63); store_le<std::uint16_t>(boot, 26, 255); store_le<std::uint32_t>(boot, 28, lba);
             store_le<std::uint32_t>(boot, 32, 200'000); store_le<std::uint32_t>(boot, 36, 1550); store_le<std::uint32_t>(boot, 44, 2);
             store_le<std::uint16_t>(boot, 48, 1); store_le<std::uint16_t>(boot, 50, 6); boot[0] = 0xEB; boot[2] = 0x90; store_le<std::uint16_t>(boot, 510, 0xAA55);
             s.partition(3, 0x0B, lba, 200'000); s.disk().resize(std::uint64_t{lba + sectors + 200'000} * 512);
             const std::uint64_t at = std::uint64_t{lba} * 512;
             s.put(at, boot); s.put32(at + 32 * 512, 0x0FFFFFF8); s.put32(at + 32 * 512 + 4, 0x0FFFFFFF); s.put32(at + 32 * 512 + 8, 0x0FFFFFFF);
         }},
        {"volume.fat-64k", "fat16-ntfs", {}},
        {"volume.extended-oem", "ide-ntfs", [](S& s) { s.partition(0, 0x07, 63, 9'000'000); s.disk().resize(std::uint64_t{5} << 30U); service_pack(s, 3); }},
        {"volume.full", "ide-ntfs", [](S& s) { fill(s, 100); }},
        {"volume.nearly-full", "ide-ntfs", [](S& s) { fill(s, (std::uint64_t{12} << 20U) / 4096 * 4096 / 4096); }},
        {"volume.boot-copy", "ide-ntfs", [](S& s) { s.zero((s.start() + 255ULL * 63 * 39 - 63 - 1) * 512, 512); }},
        // The way to the kernel (B.1.1, B.1.4)
        {"boot.no-active", "ide-ntfs", [](S& s) { s.put8(0x1BE, 0); }},
        {"boot.no-mbr-code", "ide-ntfs", [](S& s) { s.zero(0, 440); }},
        {"boot.disk-order", "ide-ntfs", [](S& s) { s.add_disk(); std::swap(s.disks()[0], s.disks()[1]); }},
        {"boot.hidden-sectors", "ide-ntfs", [](S& s) { s.put32(s.start() * 512 + 0x1C, 0); }},
        {"boot.ntldr-missing", "ide-ntfs", [](S& s) { s.remove("\\ntldr"); }},
        {"boot.ntdetect-missing", "ide-ntfs", [](S& s) { s.remove("\\ntdetect.com"); }},
        {"boot.ini-missing", "ide-ntfs", [](S& s) { s.remove("\\boot.ini"); }},
        {"boot.compressed", "ide-ntfs", [](S& s) { s.mft_value("NTLDR", 0x10, [](MutableByteView v) { store_le<std::uint32_t>(v, 32, load_le<std::uint32_t>(v, 32) | 0x800U); }); }},
        {"boot.ntbootdd", "scsi-ntfs", {}},
        {"boot.ntbootdd-size", "scsi-ntfs", [](S& s) { s.write("\\ntbootdd.sys", ByteView(Bytes(70000))); }},
        {"boot.system-beyond-reach", "ide-ntfs", [](S& s) { s.move_partition(0, 17'000'000); }},
        {"boot.system-beyond-reach-end", "ide-ntfs", [](S& s) { s.partition(0, 0x07, 63, 17'000'000); s.disk().resize(std::uint64_t{9} << 30U); }},
        {"boot.system-root-beyond-reach", "beyond-8g", {}},
        {"boot.system-root-beyond-reach-end", "ide-ntfs", [](S& s) { s.partition(0, 0x07, 63, 17'000'000); s.disk().resize(std::uint64_t{9} << 30U); }},
        {"boot.file-beyond-reach", "beyond-8g", {}},
        {"boot.multi-4gb", "ide-ntfs", [](S& s) { s.move_partition(0, 9'000'000); service_pack(s, 4); }},
        {"boot.ini-problems", "ide-ntfs", [](S& s) { s.boot_ini(arc, "", "not an entry\r\n"); }},
        {"boot.dual", "fat16-ntfs", {}},
        {"boot.signature-arc", "win2000", {}},
        {"boot.scsi-arc", "scsi-ntfs", {}},
        {"boot.arc-nowhere", "ide-ntfs", [](S& s) { s.boot_ini("multi(0)disk(0)rdisk(0)partition(4)\\WINNT"); }},
        {"boot.no-system-there", "ide-ntfs", [](S& s) { s.boot_ini("multi(0)disk(0)rdisk(0)partition(1)\\NOWHERE"); }},
        {"boot.multi-form", "ide-ntfs", [](S& s) { s.boot_ini("multi(1)disk(0)rdisk(0)partition(1)\\WINNT"); }},
        {"boot.rdisk", "ide-ntfs", [](S& s) { s.boot_ini("multi(0)disk(0)rdisk(1)partition(1)\\WINNT"); }},
        {"boot.no-default", "ide-ntfs", [](S& s) { s.write("\\boot.ini", std::string("[boot loader]\r\ntimeout=5\r\n[operating systems]\r\n") + arc + "=\"NT\"\r\n"); }},
        {"boot.several", "ide-ntfs", [](S& s) { const Bytes hive = s.file(system32 + "config\\system"); s.files([&](FileSystem& fs) { for (const char* folder : {"\\NTOLD", "\\NTOLD\\system32", "\\NTOLD\\system32\\config"}) { fs.make_directory(folder); } fs.write_file("\\NTOLD\\system32\\config\\system", hive); }); }},
        {"boot.maxmem", "ide-ntfs", [](S& s) { s.boot_ini(arc, "/MAXMEM=64"); }},
        {"boot.burnmemory", "ide-ntfs", [](S& s) { s.boot_ini(arc, "/BURNMEMORY=32"); }},
        {"boot.numproc", "ide-ntfs", [](S& s) { s.boot_ini(arc, "/NUMPROC=1"); }},
        {"boot.onecpu", "ide-ntfs", [](S& s) { s.boot_ini(arc, "/ONECPU"); }},
        {"boot.pcilock", "ide-ntfs", [](S& s) { s.boot_ini(arc, "/PCILOCK"); }},
        {"boot.noserialmice", "vendor-raid", {}},
        {"boot.debug", "vendor-raid", {}},
        {"boot.nodebug", "ide-ntfs", [](S& s) { s.boot_ini(arc, "/NODEBUG"); }},
        {"boot.3gb", "ide-ntfs", [](S& s) { s.boot_ini(arc, "/3GB"); }},
        {"boot.pae", "ide-ntfs", [](S& s) { s.boot_ini(arc, "/PAE"); }},
        {"boot.basevideo", "ide-ntfs", [](S& s) { s.boot_ini(arc, "/basevideo /sos"); }},
        {"boot.sos", "ide-ntfs", [](S& s) { s.boot_ini(arc, "/basevideo /sos"); }},
        {"boot.kernel", "ide-ntfs", [](S& s) { s.boot_ini(arc, "/KERNEL=ntoskrnl.exe"); }},
        {"boot.hal", "ide-ntfs", [](S& s) { s.boot_ini(arc, "/HAL=hal.dll"); }},
        {"boot.timeout", "ide-ntfs", [](S& s) { s.write("\\boot.ini", std::string("[boot loader]\r\ndefault=") + arc + "\r\n[operating systems]\r\n" + arc + "=\"NT\"\r\n"); }},
        // Hives and control sets (B.7.2 to B.7.4)
        {"hive.unusable", "ide-ntfs", [](S& s) { s.write(system32 + "config\\SOFTWARE", ByteView(Bytes(8192, 0x5A))); }},
        {"hive.dirty", "dirty-hive", {}},
        {"hive.alternate", "alt-hive", {}},
        {"hive.dirty-no-log", "ide-ntfs", [](S& s) { s.files([](FileSystem& fs) { if (fs.lookup(system32 + "config\\SOFTWARE.LOG")) { fs.remove(system32 + "config\\SOFTWARE.LOG"); } }); s.base_block("SOFTWARE", [](MutableByteView h) { store_le<std::uint32_t>(h, 4, load_le<std::uint32_t>(h, 8) + 1); }); }},
        {"hive.alt-differs", "ide-ntfs", [](S& s) { Bytes alt = s.file(system32 + "config\\SYSTEM"); alt.at(alt.size() - 1) ^= 1U; s.write(system32 + "config\\SYSTEM.ALT", ByteView(alt)); }},
        {"hive.format", "ide-ntfs", [](S& s) { s.base_block("SOFTWARE", [](MutableByteView h) { store_le<std::uint32_t>(h, 24, 5); }); }},
        {"hive.large", "ide-ntfs", [](S& s) { s.base_block("SYSTEM", [](MutableByteView) {}, 9U << 20U); }},
        {"hive.too-large", "ide-ntfs", [](S& s) { s.base_block("SYSTEM", [](MutableByteView) {}, 11U << 20U); }},
        {"hive.registry-limit", "ide-ntfs", [](S& s) { s.set("Control", "RegistrySizeLimit", 200'000); }},
        {"controlset.select", "ide-ntfs", [](S& s) { s.system([](Edit& e) { e.set_dword("Select", "LastKnownGood", 7); }); }},
        {"controlset.failed", "ide-ntfs", [](S& s) { s.system([](Edit& e) { e.set_dword("Select", "Failed", 2); }); }},
        // HAL and kernel (B.3)
        {"hal.missing", "ide-ntfs", [](S& s) { s.remove(system32 + "hal.dll"); }},
        {"hal.kernel-missing", "ide-ntfs", [](S& s) { s.boot_ini(arc, "/KERNEL=ntosnone.exe"); }},
        {"hal.oem", "ide-ntfs", [](S& s) { s.write(system32 + "hal.dll", ByteView(s.file(system32 + "drivers\\disk.sys"))); }},
        {"hal.replace", "compaq-mp", {}},
        {"hal.mps-idle", "mps-mp", {}, 1, "nt4-mps"},
        {"hal.processors", "compaq-mp", {}},
        {"hal.mismatch", "ide-ntfs", [](S& s) { s.write(system32 + "ntoskrnl.exe", ByteView(other_file("mps-mp", system32 + "ntoskrnl.exe"))); }},
        {"hal.evidence-disagrees", "mps-mp", {}},
        {"hal.levels-differ", "ide-ntfs", [](S& s) { s.write(system32 + "hal.dll", ByteView(media_file("sp5/hal.dll"))); }},
        {"hal.kernel-level", "ide-ntfs", [](S& s) { service_pack(s, 5); }},
        // Storage (B.2.2, B.2.3, B.4, B.8.2)
        {"storage.atapi-missing", "ide-ntfs", [](S& s) { s.drop("Services\\atapi"); }},
        {"storage.atapi-start", "scsi-ntfs", {}},
        {"storage.atapi-level", "ide-ntfs", [](S& s) { s.disk().resize(std::uint64_t{9} << 30U); s.write(system32 + "drivers\\atapi.sys", ByteView(media_file("sp3/atapi.sys"))); }},
        {"storage.disk-missing", "ide-ntfs", [](S& s) { s.drop("Services\\Disk"); }},
        {"storage.disk-start", "ide-ntfs", [](S& s) { s.set("Services\\Disk", "Start", 4); }},
        {"storage.cdrom", "ide-ntfs", [](S& s) { s.set("Services\\Cdrom", "Start", 4); }},
        {"storage.atdisk", "ide-ntfs", [](S& s) { s.set("Services\\Atdisk", "Start", 0U); }},
        {"storage.adapter", "scsi-ntfs", {}},
        {"storage.san", "ide-ntfs", [](S& s) { s.service("ql2200", 1, 0, "SCSI miniport"); }},
        {"storage.dma", "ide-ntfs", [](S& s) { s.set("Services\\atapi\\Parameters\\Device0", "DriverParameter", V::sz("DMADetectionLevel = 0x1,0x1")); }},
        {"storage.group-order", "ide-ntfs", [](S& s) { s.set("Control\\ServiceGroupOrder", "List", V::multi_sz({"SCSI class", "SCSI miniport", "Base"})); }},
        {"storage.fs-rec", "ide-ntfs", [](S& s) { s.set("Services\\Fs_Rec", "Start", 4); }},
        {"profile.several", "ide-ntfs", [](S& s) { s.set("Hardware Profiles\\0002\\Software", "x", 0U); }},
        {"profile.disabled", "ide-ntfs", [](S& s) { disabled_in_profile(s, "Beep"); }},
        {"profile.disabled-needed", "ide-ntfs", [](S& s) { disabled_in_profile(s, "Disk"); }},
        // Network (B.2.8, B.2.9)
        {"network.replace", "scsi-ntfs", {}},
        {"network.same-card", "ide-ntfs", [](S& s) { s.service("AMDPCN", 1, 2, "NDIS"); for (const char* v : {"Bind", "Export"}) { s.set("Services\\AMDPCN\\Linkage", v, V::multi_sz({"\\Device\\E100B1"})); s.set("Services\\E100B\\Linkage", v, V::multi_sz({})); } }},
        {"network.team", "dc-teaming", {}},
        {"network.unbound", "ide-ntfs", unbind},
        {"network.dial-up", "ide-ntfs", [](S& s) { s.software([](Edit& e) { const std::string key = std::string(version) + "\\NetworkCards\\2"; e.add_key(key); e.set(key, "ServiceName", V::sz("NdisWan4")); }); }},
        {"network.no-driver", "ide-ntfs", [](S& s) { s.drop("Services\\E100B"); }},
        {"network.driver-start", "ide-ntfs", [](S& s) { s.set("Services\\E100B", "Start", 0U); }},
        {"network.mac-unknown", "scsi-ntfs", {}},
        {"network.mac-set", "ide-ntfs", [](S& s) { s.set("Services\\E100B1\\Parameters", "NetworkAddress", V::sz("00A0C9112233")); }},
        {"network.not-listed", "ide-ntfs", [](S& s) { s.software([](Edit& e) { e.delete_key(std::string(version) + "\\NetworkCards\\1"); }); }},
        {"network.count", "ide-ntfs", [](S& s) {
             std::vector<std::string> devices{"\\Device\\E100B1"};
             for (int i = 2; i < 8; ++i) {
                 const std::string name = "E100B" + std::to_string(i);
                 devices.push_back("\\Device\\" + name);
                 s.service(name, 4, 3);
                 s.software([&](Edit& e) { const std::string key = std::string(version) + "\\NetworkCards\\" + std::to_string(i); e.add_key(key); e.set(key, "ServiceName", V::sz(name)); e.set(key, "ProductName", V::sz("E100B")); });
             }
             s.set("Services\\Tcpip\\Linkage", "Bind", V::multi_sz(devices));
         }},
        {"network.none", "ide-ntfs", [](S& s) { s.software([](Edit& e) { e.delete_key(std::string(version) + "\\NetworkCards\\1"); }); s.drop("Services\\E100B1"); }},
        {"network.dhcp", "ide-ntfs", [](S& s) { s.set("Services\\E100B1\\Parameters\\Tcpip", "EnableDHCP", 1); }},
        {"network.filter", "ide-ntfs", [](S& s) { s.set("Services\\E100B1\\Parameters\\Tcpip", "EnableSecurityFilter", 1); }},
        {"network.router", "ide-ntfs", [](S& s) { s.set("Services\\Tcpip\\Parameters", "IPEnableRouter", 1); }},
        {"network.protocol", "ide-ntfs", [](S& s) { s.service("NwlnkIpx", 1, 2, "PNP_TDI"); }},
        // Video, input, logon (B.2.10)
        {"video.driver", "scsi-ntfs", {}},
        {"video.device0", "ide-ntfs", [](S& s) { s.drop("Services\\VgaSave\\Device0"); }},
        {"video.vgasave-start", "ide-ntfs", [](S& s) { s.set("Services\\VgaSave", "Start", 4); }},
        {"video.no-vgasave", "ide-ntfs", [](S& s) { s.drop("Services\\VgaSave"); }},
        {"video.vga-replaced", "ide-ntfs", [](S& s) { rename_company(s, system32 + "vga.dll"); }},
        {"input.serial-mouse", "scsi-ntfs", {}},
        {"input.ps2", "ide-ntfs", [](S& s) { s.set("Services\\i8042prt", "Start", 4); }},
        {"logon.gina", "vendor-raid", {}},
        {"logon.automatic", "ide-ntfs", [](S& s) { s.software([](Edit& e) { e.set(winlogon, "AutoAdminLogon", V::sz("1")); }); }},
        // Settings (B.2.11)
        {"settings.auto-reboot", "scsi-ntfs", {}},
        {"settings.crash-dump", "scsi-ntfs", {}},
        {"settings.no-page-file", "ide-ntfs", [](S& s) { s.set("Control\\Session Manager\\Memory Management", "PagingFiles", V::multi_sz({})); }},
        {"settings.page-file-drive", "ide-ntfs", [](S& s) { s.set("Control\\Session Manager\\Memory Management", "PagingFiles", V::multi_sz({"Q:\\pagefile.sys 64 128"})); }},
        {"settings.check-scheduled", "vendor-raid", {}},
        {"settings.boot-program", "ide-ntfs", [](S& s) { s.set("Control\\Session Manager", "BootExecute", V::multi_sz({"autocheck autochk *", "autocheck autodefrag"})); }},
        {"settings.utc-clock", "ide-ntfs", [](S& s) { s.set("Control\\TimeZoneInformation", "RealTimeIsUniversal", 1); }},
        // Files and drivers (B.6, B.8.1)
        {"files.needed", "scsi-ntfs", {}},
        {"files.missing", "ide-ntfs", [](S& s) { s.remove(system32 + "ntdll.dll"); }},
        {"files.unreadable", "ide-ntfs", [](S& s) { pe_field(s, system32 + "ntdll.dll", 6, 0xFFFF); }},
        {"files.checksum", "ide-ntfs", [](S& s) { flip_last_byte(s, system32 + "ntdll.dll"); }},
        {"files.no-program", "ide-ntfs", [](S& s) { s.write(system32 + "ntdll.dll", std::string("not a program")); }},
        {"driver.file-missing", "ide-ntfs", [](S& s) { s.service("gone", 1, 0, "filter"); }},
        {"driver.checksum", "ide-ntfs", [](S& s) { flip_last_byte(s, system32 + "drivers\\disk.sys"); }},
        {"driver.import-missing", "ide-ntfs", [](S& s) { s.remove(system32 + "drivers\\class2.sys"); }},
        {"driver.oem", "ide-ntfs", [](S& s) { s.service("acmefilt", 1, 1, "filter"); }},
        {"driver.severe", "ide-ntfs", [](S& s) { s.service("pcmcia", 1, 1, "System Bus Extender", "", 3); }},
        // Services (B.8.3, B.8.4)
        {"service.agent", "compaq-eisa", {}},
        {"service.ups", "vendor-raid", {}},
        {"service.filter", "vendor-raid", {}},
        {"service.remote-control", "vendor-raid", {}},
        {"service.dongle", "vendor-raid", {}},
        {"service.database", "ide-ntfs", [](S& s) { s.service("MSSQLServer", 0x10, 2, "", "C:\\MSSQL\\BINN\\sqlservr.exe"); }},
        {"service.mail", "ide-ntfs", [](S& s) { s.service("MSExchangeIS", 0x10, 2, "", "C:\\exchsrvr\\bin\\store.exe"); }},
        {"service.network-service", "dc-teaming", {}},
        {"service.cluster", "ide-ntfs", [](S& s) { s.service("clusdisk", 1, 1, "filter"); }},
        {"service.vendor-folder", "ide-ntfs", [](S& s) { s.service("Watch", 0x10, 2, "", "C:\\compaq\\watch.exe"); }},
        {"ports.used", "vendor-raid", {}},
        {"inspect.incomplete", "ide-ntfs", [](S& s) { s.write(system32 + "config\\SECURITY", ByteView(Bytes(8192, 0x5A))); }},
    };
    return all;
}
// clang-format on

/// The codes of the table in docs/assess.md.
std::set<std::string> documented_codes() {
    std::ifstream file(std::string(NTFERRY_SOURCE_DIR) + "/docs/assess.md");
    std::set<std::string> codes;
    bool in_table = false;
    for (std::string line; std::getline(file, line);) {
        in_table = in_table || line == "## Codes";
        static const std::regex word("`([^`]+)`");
        if (!in_table || !line.starts_with("| "))
            continue;
        const std::size_t bar = line.find(" | ");
        const std::string part = line.substr(2, bar - 2);
        const std::string list = line.substr(bar + 3);
        for (std::sregex_iterator at(list.begin(), list.end(), word), end; at != end; ++at) {
            const std::string code = (*at)[1];
            codes.insert(code.find('.') == std::string::npos ? part + "." + code : code);
        }
    }
    return codes;
}

} // namespace

TEST_CASE("every documented condition has its finding on a lookalike disk that shows it") {
    if (const std::string missing = test::lookalike_missing(); !missing.empty())
        NTFERRY_SKIP(missing);
    std::map<std::string, profiles::Profile> profiles;
    std::set<std::string> seen;
    for (const Case& one : cases()) {
        INFO(one.code << " on " << one.variant);
        const profiles::Profile& profile =
            profiles.try_emplace(one.profile, profiles::find_profile(one.profile)).first->second;
        DiskServer server(one.variant, one.disks);
        const auto has = [&] { return assess::assess(server.inspect(profile), profile).has(one.code); };
        bool shown = false;
        try {
            // A change must bring the finding: it was not there before.
            CHECK_FALSE((one.change && has()));
            if (one.change)
                one.change(server);
            shown = has();
        } catch (const std::exception& error) {
            FAIL_CHECK(error.what());
        }
        CHECK(shown);
        if (shown)
            seen.insert(one.code);
    }
    const std::set<std::string> documented = documented_codes();
    CHECK(documented.size() > 150);
    for (const std::string& code : documented)
        if (seen.count(code) == 0)
            FAIL_CHECK(code << " is documented and on no disk here");
    for (const std::string& code : seen)
        if (documented.count(code) == 0)
            FAIL_CHECK(code << " is not in docs/assess.md");
}
