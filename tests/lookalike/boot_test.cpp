// The lookalike disks boot as NT does: by CHS with the geometry they were written with, and with no other.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/lookalike/qemu.hpp"
#include "tests/support/skip.hpp"

using namespace ntferry::test;
namespace json = boost::json;

namespace {

struct Geometry {
    unsigned cylinders, heads, spt;
};

Geometry geometry_of(const json::object& facts) {
    const json::value& disk = facts.at("disks").at(0);
    return {disk.at("cylinders").to_number<unsigned>(), disk.at("heads").to_number<unsigned>(),
            disk.at("sectors_per_track").to_number<unsigned>()};
}

std::string missing_for_boot() {
    return have_program("qemu-system-i386") ? lookalike_missing() : "qemu-system-i386 is not installed";
}

} // namespace

TEST_CASE("the boot code reaches NTLDR with the disk's geometry") {
    if (const std::string missing = missing_for_boot(); !missing.empty())
        NTFERRY_SKIP(missing);
    const std::string variant =
        GENERATE("scsi-ntfs", "ide-ntfs", "fat16-ntfs", "geo-240", "compaq-eisa", "dirty-ntfs", "ft-mirror",
                 "beyond-8g", "stale-data", "vendor-raid", "tse", "compaq-mp", "mps-mp", "dc-teaming",
                 "dirty-hive", "alt-hive", "ft-stripe", "nt351", "win2000");
    CAPTURE(variant);
    const json::object facts = lookalike_facts(variant);
    const Geometry disk = geometry_of(facts);
    const std::string said = boot_under_qemu(lookalike_disk(variant), disk.cylinders, disk.heads, disk.spt);
    CHECK_THAT(said, Catch::Contains(std::string(facts.at("stand_in_text").as_string())));
}

TEST_CASE("the boot code fails as NT's with another geometry") {
    if (const std::string missing = missing_for_boot(); !missing.empty())
        NTFERRY_SKIP(missing);
    const std::string variant = GENERATE("scsi-ntfs", "fat16-ntfs", "geo-240", "compaq-eisa", "beyond-8g");
    CAPTURE(variant);
    const Geometry disk = geometry_of(lookalike_facts(variant));
    const std::string said =
        boot_under_qemu(lookalike_disk(variant), disk.cylinders, disk.heads / 2, disk.spt);
    CHECK_THAT(said, !Catch::Contains("stand-in reached"));
    CHECK_THAT(said, Catch::Contains("NTLDR is missing") || Catch::Contains("disk read error") ||
                         Catch::Contains("Missing operating system"));
}

TEST_CASE("Linux starts through the CHS loader and sees the disk's geometry") {
    if (const std::string missing = missing_for_boot(); !missing.empty())
        NTFERRY_SKIP(missing);
    const std::string variant = GENERATE("scsi-ntfs", "fat16-ntfs");
    CAPTURE(variant);
    std::string disk;
    try {
        disk = lookalike_linux_disk(variant);
    } catch (const std::runtime_error& error) {
        NTFERRY_SKIP(std::string("no guest agent: ") + error.what());
    }
    const Geometry geometry = geometry_of(lookalike_facts(variant));
    const std::string said =
        boot_under_qemu(disk, geometry.cylinders, geometry.heads, geometry.spt, "^CHECK edd ", 240);
    CHECK_THAT(said, Catch::Contains("AGENT start"));
    CHECK_THAT(said, Catch::Contains("CHECK edd ok"));
    CHECK_THAT(said,
               Catch::Contains("/" + std::to_string(geometry.heads) + "/" + std::to_string(geometry.spt)));
}
