// The lookalike disks, looked at by independent tools: they are what their manifests say.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/lookalike.hpp"
#include "tests/support/run.hpp"
#include "tests/support/skip.hpp"
#include "tests/support/temp_dir.hpp"

#include <algorithm>
#include <string>

using namespace ntferry::test;
namespace json = boost::json;

namespace {

std::string text(const json::value& value) {
    return std::string(value.as_string());
}

bool succeeds(const std::string& command) {
    const RunResult result = run_shell(command);
    if (result.exit_code != 0)
        UNSCOPED_INFO(command << ": " << result.out << result.err);
    return result.exit_code == 0;
}

bool has_role(const json::value& partition, const std::string& role) {
    const json::array& roles = partition.at("roles").as_array();
    return std::any_of(roles.begin(), roles.end(), [&](const json::value& r) { return text(r) == role; });
}

/// Copies a partition out of a disk, so that tools which know no offsets can look at it.
std::string extract(const std::string& disk, const json::value& partition, const std::string& path) {
    REQUIRE(succeeds("rm -f '" + path + "'; dd if='" + disk + "' of='" + path +
                     "' bs=1M iflag=skip_bytes,count_bytes conv=sparse skip=" +
                     std::to_string(partition.at("start").to_number<std::uint64_t>() * 512) +
                     " count=" + std::to_string(partition.at("sectors").to_number<std::uint64_t>() * 512)));
    return path;
}

/// The boot partition's volume of a variant, in `dir`.
std::string boot_volume(const std::string& variant, const TempDir& dir) {
    const json::object facts = lookalike_facts(variant);
    for (const json::value& partition : facts.at("disks").at(0).at("partitions").as_array())
        if (has_role(partition, "boot"))
            return extract(lookalike_disk(variant), partition, dir / "boot-volume");
    FAIL("no boot partition");
    return {};
}

void check_hives(const std::string& volume, const json::object& facts, const TempDir& dir) {
    const std::string config = text(facts.at("root_folder")) + "/system32/config/";
    const std::string name = text(facts.at("system_hive")) == "clean" ? "SYSTEM" : "SYSTEM.ALT";
    const std::string hive = dir / "hive";
    REQUIRE(succeeds("ntfscat '" + volume + "' '" + config + name + "' > '" + hive + "'"));
    CHECK_THAT(run_shell("file -b '" + hive + "'").out, Catch::Contains("registry file, NT/2000 or above"));
    // Base block: major 1, minor 3 (format of NT 4.0).
    CHECK_THAT(run_shell("od -An -tu4 -j20 -N8 '" + hive + "'").out, Catch::Contains("1          3"));
    const RunResult exported = run_shell("hivexregedit --export '" + hive + "' '\\ControlSet001\\Services'");
    CHECK(exported.exit_code == 0);
    CHECK(std::count(exported.out.begin(), exported.out.end(), '[') > 150);
    CHECK(succeeds("reged -x '" + hive + "' X '\\Select' '" + (dir / "select.reg") +
                   "' && grep -q LastKnownGood '" + (dir / "select.reg") + "'"));
    REQUIRE(succeeds("ntfscat '" + volume + "' '" + config + "SOFTWARE' > '" + hive + "'"));
    CHECK(succeeds("hivexregedit --export '" + hive +
                   "' '\\Microsoft\\Windows NT\\CurrentVersion' | grep -qi CSDVersion"));
}

} // namespace

TEST_CASE("file systems, partition tables and hives pass their own tools") {
    if (const std::string missing = lookalike_missing(); !missing.empty())
        NTFERRY_SKIP(missing);
    const std::string variant =
        GENERATE("scsi-ntfs", "ide-ntfs", "fat16-ntfs", "geo-240", "compaq-eisa", "compaq-mp", "mps-mp",
                 "dc-teaming", "tse", "dirty-hive", "alt-hive", "ft-mirror", "ft-stripe", "ft-parity",
                 "ft-volume", "beyond-8g", "stale-data", "vendor-raid", "nt351", "win2000", "dos");
    CAPTURE(variant);
    const json::object facts = lookalike_facts(variant);
    const std::string disk = lookalike_disk(variant);
    CHECK(succeeds("sfdisk --verify '" + disk + "'"));

    const TempDir dir;
    for (const json::value& partition : facts.at("disks").at(0).at("partitions").as_array()) {
        const std::string fs = text(partition.at("fs"));
        if (fs.empty())
            continue;
        CAPTURE(partition.at("number").to_number<int>());
        const std::string volume = extract(disk, partition, dir / "volume");
        CHECK(partition.at("bpb").at("hidden_sectors") == partition.at("start"));
        if (fs.rfind("fat", 0) == 0) {
            CHECK(succeeds("fsck.fat -n '" + volume + "'"));
            continue;
        }
        CHECK(succeeds("ntfsfix -n '" + volume + "'"));
        CHECK_THAT(run_shell("ntfsinfo -m '" + volume + "'").out,
                   Catch::Contains("Volume Version: " + text(partition.at("ntfs_version"))));
        if (has_role(partition, "boot"))
            check_hives(volume, facts, dir);
    }
}

TEST_CASE("a crashed volume is dirty and its journal says so") {
    if (const std::string missing = lookalike_missing(); !missing.empty())
        NTFERRY_SKIP(missing);
    const TempDir dir;
    const std::string volume = boot_volume("dirty-ntfs", dir);
    // ntfscp mounts for writing, and libntfs-3g refuses to when $LogFile was not closed.
    CHECK(run_shell("ntfscp '" + volume + "' /etc/hostname /x").exit_code != 0);
    CHECK_THAT(run_shell("ntfsinfo -f -m '" + volume + "'").out, Catch::Contains("DIRTY"));
    const std::string clean = boot_volume("scsi-ntfs", dir);
    CHECK(succeeds("ntfscp '" + clean + "' /etc/hostname /x"));
}

TEST_CASE("SYSTEM is torn or damaged where the variant says so") {
    if (const std::string missing = lookalike_missing(); !missing.empty())
        NTFERRY_SKIP(missing);
    const TempDir dir;
    const std::string torn = boot_volume("dirty-hive", dir);
    const std::string config = "WINNT/system32/config/";
    // Sequence numbers differ in the primary and agree in the log, whose type is 2 and whose second sector is
    // DIRT.
    CHECK_THAT(run_shell("ntfscat '" + torn + "' " + config + "SYSTEM | od -An -tu4 -j4 -N8").out,
               Catch::Contains("8          7"));
    CHECK_THAT(run_shell("ntfscat '" + torn + "' " + config + "SYSTEM.LOG | od -An -tu4 -j4 -N8").out,
               Catch::Contains("8          8"));
    CHECK_THAT(run_shell("ntfscat '" + torn + "' " + config + "SYSTEM.LOG | od -An -tu4 -j28 -N4").out,
               Catch::Contains("2"));
    CHECK_THAT(run_shell("ntfscat '" + torn + "' " + config +
                         "SYSTEM.LOG | dd bs=512 skip=1 count=1 status=none | head -c 4")
                   .out,
               Catch::Equals("DIRT"));
    CHECK_FALSE(lookalike_facts("dirty-hive").at("torn_pages").as_array().empty());

    const std::string damaged = boot_volume("alt-hive", dir);
    REQUIRE(succeeds("ntfscat '" + damaged + "' " + config + "SYSTEM > '" + (dir / "hive") + "'"));
    CHECK(run_shell("hivexregedit --export '" + (dir / "hive") + "' '\\Select'").exit_code != 0);
    REQUIRE(succeeds("ntfscat '" + damaged + "' " + config + "SYSTEM.ALT > '" + (dir / "hive") + "'"));
    CHECK(succeeds("hivexregedit --export '" + (dir / "hive") + "' '\\Select'"));
}

TEST_CASE("PE files are 32-bit, native, and import what the real ones import") {
    if (const std::string missing = lookalike_missing(); !missing.empty())
        NTFERRY_SKIP(missing);
    const TempDir dir;
    const std::string volume = boot_volume("compaq-mp", dir);
    struct Expected {
        const char* path;
        const char* import;
    };
    for (const Expected& file :
         {Expected{"hal.dll", "ntoskrnl.exe"}, Expected{"ntoskrnl.exe", "HAL.dll"},
          Expected{"drivers/cpqarray.sys", "SCSIPORT.SYS"}, Expected{"drivers/disk.sys", "CLASS2.SYS"},
          Expected{"drivers/netflx3.sys", "NDIS.SYS"}, Expected{"drivers/tcpip.sys", "TDI.SYS"}}) {
        CAPTURE(file.path);
        const std::string copy = dir / "image";
        REQUIRE(succeeds("ntfscat '" + volume + "' 'WINNT/system32/" + std::string(file.path) + "' > '" +
                         copy + "'"));
        CHECK_THAT(run_shell("file -b '" + copy + "'").out,
                   Catch::Contains("PE32") && Catch::Contains("native"));
        CHECK_THAT(run_shell("i686-w64-mingw32-objdump -p '" + copy + "'").out,
                   Catch::Contains(std::string("DLL Name: ") + file.import));
    }
    // The kernel and HAL lie under fixed names; the version resource keeps where they come from.
    CHECK(succeeds("ntfscat '" + volume +
                   "' WINNT/system32/hal.dll | tr -d '\\0' | grep -aq 'OriginalFilename.*halsp.dll'"));
    CHECK(
        succeeds("ntfscat '" + volume +
                 "' WINNT/system32/ntoskrnl.exe | tr -d '\\0' | grep -aq 'OriginalFilename.*ntkrnlmp.exe'"));
}

TEST_CASE("media hold cabinets, SZDD and raw files that expand to what the list says") {
    if (const std::string missing = lookalike_missing(); !missing.empty())
        NTFERRY_SKIP(missing);
    const std::string media = lookalike_media();
    const TempDir dir;
    for (const char* name : {"cd/I386/AMDPCN.SY_", "cd/I386/NTKRNLMP.EX_", "tse-cd/I386/HALMPS.DL_"}) {
        CAPTURE(name);
        const std::string path = media + "/" + name;
        if (run_shell("test -f '" + path + "'").exit_code == 0)
            CHECK_THAT(run_shell("file -b '" + path + "'").out, Catch::Contains("Microsoft Cabinet"));
    }
    CHECK(succeeds("cd '" + (dir / "") + "' && gcab -x '" + media +
                   "/cd/I386/AMDPCN.SY_' && file -b amdpcn.sys | grep -q PE32"));
    CHECK(succeeds("msexpand < '" + media + "/cd/I386/VGA.DL_' > '" + (dir / "vga.dll") + "' && file -b '" +
                   (dir / "vga.dll") + "' | grep -q PE32"));
    // Drivers that no service pack carries are why the CD is asked for.
    CHECK(run_shell("ls '" + media + "'/sp*/amdpcn.sys '" + media + "'/sp*/dc21x4.sys").exit_code != 0);
    CHECK(succeeds("ls '" + media + "'/sp6a/hal.dll '" + media + "'/sp6a/ntkrnlmp.exe '" + media +
                   "'/sp6a/atapi.sys"));
    CHECK(succeeds("file -b '" + media + "/cd.iso' | grep -q 'ISO 9660'"));
}
