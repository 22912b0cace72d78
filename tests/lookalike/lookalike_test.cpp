// The lookalike disks, looked at by independent tools: they are what their manifests say.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/lookalike.hpp"
#include "tests/support/run.hpp"
#include "tests/support/skip.hpp"
#include "tests/support/temp_dir.hpp"

#include <string>

using namespace ntferry::test;
namespace json = boost::json;

namespace {

std::string text(const json::value& value) {
    return std::string(value.as_string());
}

/// Copies a partition out of a disk, so that tools which know no offsets can look at it.
std::string extract(const std::string& disk, const json::value& partition, const std::string& path) {
    run_shell("dd if='" + disk + "' of='" + path + "' bs=1M iflag=skip_bytes,count_bytes conv=sparse skip=" +
              std::to_string(partition.at("start").to_number<std::uint64_t>() * 512) +
              " count=" + std::to_string(partition.at("sectors").to_number<std::uint64_t>() * 512));
    return path;
}

/// Boots disk 0 under QEMU (TCG) with the given geometry; what came out of the serial port.
std::string boot(const std::string& disk, unsigned cylinders, unsigned heads, unsigned spt) {
    const TempDir dir;
    const std::string serial = dir / "serial";
    run_shell("timeout 100 nice qemu-system-i386 -M pc -accel tcg -m 128 -display none -no-reboot -net none "
              "-serial file:" +
              serial + " -drive if=none,id=d,format=raw,snapshot=on,file='" + disk +
              "' -device ide-hd,drive=d,bus=ide.0,lcyls=" + std::to_string(cylinders) +
              ",lheads=" + std::to_string(heads) + ",lsecs=" + std::to_string(spt) +
              " -device isa-debug-exit,iobase=0x501,iosize=1");
    return run_shell("cat " + serial).out;
}

} // namespace

TEST_CASE("file systems, partition tables and hives pass their own tools") {
    if (const std::string missing = lookalike_missing(); !missing.empty())
        NTFERRY_SKIP(missing);
    const std::string variant = GENERATE("scsi-ntfs", "fat16-ntfs");
    CAPTURE(variant);
    const json::object facts = lookalike_facts(variant);
    const std::string disk = lookalike_disk(variant);
    CHECK(run_shell("sfdisk --verify '" + disk + "'").exit_code == 0);

    const TempDir dir;
    for (const json::value& partition : facts.at("disks").at(0).at("partitions").as_array()) {
        const std::string volume = extract(disk, partition, dir / "volume");
        if (text(partition.at("fs")) == "fat16") {
            CHECK(run_shell("fsck.fat -n '" + volume + "'").exit_code == 0);
            continue;
        }
        CHECK(run_shell("ntfsfix -n '" + volume + "'").exit_code == 0);
        CHECK(run_shell("ntfsinfo -m '" + volume + "'").out.find("Volume Version: 1.2") != std::string::npos);
        for (const json::value& role : partition.at("roles").as_array()) {
            if (text(role) != "boot")
                continue;
            const std::string hive = dir / "SYSTEM";
            REQUIRE(run_shell("ntfscat '" + volume + "' WINNT/system32/config/SYSTEM > '" + hive + "'")
                        .exit_code == 0);
            CHECK(run_shell("file -b '" + hive + "'").out.find("registry file, NT/2000 or above") !=
                  std::string::npos);
            const std::string name = run_shell("hivexregedit --export --unsafe-printable-strings '" + hive +
                                               "' '\\ControlSet001\\Control\\ComputerName\\ComputerName'")
                                         .out;
            CHECK(name.find(text(facts.at("computer_name"))) != std::string::npos);
            CHECK(run_shell("reged -x '" + hive + "' X '\\Select' '" + (dir / "select.reg") +
                            "' && grep -q LastKnownGood '" + (dir / "select.reg") + "'")
                      .exit_code == 0);
        }
    }
}

TEST_CASE("the boot code reaches NTLDR with the disk's geometry and fails with another") {
    if (const std::string missing = lookalike_missing(); !missing.empty())
        NTFERRY_SKIP(missing);
    if (!have_program("qemu-system-i386"))
        NTFERRY_SKIP("qemu-system-i386 is not installed");
    const std::string variant = GENERATE("scsi-ntfs", "fat16-ntfs");
    CAPTURE(variant);
    const json::object facts = lookalike_facts(variant);
    const json::value& disk = facts.at("disks").at(0);
    const auto heads = disk.at("heads").to_number<unsigned>();
    const auto spt = disk.at("sectors_per_track").to_number<unsigned>();
    const auto cylinders = disk.at("cylinders").to_number<unsigned>();
    const std::string reached = text(facts.at("stand_in_text"));
    CHECK(boot(lookalike_disk(variant), cylinders, heads, spt).find(reached) != std::string::npos);
    const std::string wrong = boot(lookalike_disk(variant), cylinders * 2, heads / 2, spt);
    CHECK(wrong.find(reached) == std::string::npos);
    CHECK((wrong.find("NTLDR is missing") != std::string::npos ||
           wrong.find("disk read error") != std::string::npos ||
           wrong.find("Missing operating system") != std::string::npos));
}
