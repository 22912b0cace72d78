// Patched disks under QEMU: their boot code still reaches NTLDR, and a guest finds the patched values on its
// IDE disk. SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/volume/geometry.hpp"
#include "tests/lookalike/qemu.hpp"
#include "tests/patch/scenario.hpp"
#include "tests/support/bundle.hpp"
#include "tests/support/lookalike.hpp"
#include "tests/support/skip.hpp"

#include "converter/patch/hive_files.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>

using namespace ntferry;
using test::Scenario;

namespace {

std::string missing_for_boot() {
    return test::have_program("qemu-system-i386") ? test::lookalike_missing()
                                                  : "qemu-system-i386 is not installed";
}

volume::Geometry geometry_of(patch::Subject& subject) {
    return volume::recover_geometry(subject.volumes().disk(0), subject.volumes().layout(0));
}

std::string md5_of(const std::string& command) {
    return test::run_shell(command + " | md5sum").out.substr(0, 32);
}

} // namespace

TEST_CASE("a patched disk boots by CHS as far as NTLDR") {
    if (const auto missing = missing_for_boot(); !missing.empty())
        NTFERRY_SKIP(missing);
    const std::string variant = GENERATE("scsi-ntfs", "fat16-ntfs", "geo-240", "compaq-eisa");
    CAPTURE(variant);
    const Scenario scenario(variant);
    scenario.patch();
    const auto subject = scenario.subject(true);
    const volume::Geometry geometry = geometry_of(*subject);
    test::write_raw(scenario.workspace().current(0), scenario.path("disk.img"));
    const auto facts = test::lookalike_facts(variant);
    const std::string said = test::boot_under_qemu(scenario.path("disk.img"), geometry.cylinders,
                                                   geometry.heads, geometry.sectors);
    CHECK_THAT(said, Catch::Contains(std::string(facts.at("stand_in_text").as_string())));
}

TEST_CASE("the guest agent reads the patched hive and boot.ini from its IDE disk") {
    if (const auto missing = missing_for_boot(); !missing.empty())
        NTFERRY_SKIP(missing);
    const Scenario scenario("scsi-ntfs");
    scenario.patch();
    const auto subject = scenario.subject(true);
    const std::string agent = scenario.path("agent");
    const auto built = test::run_shell("'" NTFERRY_SOURCE_DIR "/tests/agent/build' '" + agent + "'");
    if (built.exit_code != 0)
        NTFERRY_SKIP("no guest agent: " + built.err);
    const std::string image = scenario.path("disk.img");
    test::write_raw(scenario.workspace().current(0), image);

    // Where the files lie is told by our file system; what they hold, by ntfscat.
    const volume::Partition partition = subject->volumes().layout(0).partitions.at(0);
    std::string ranges;
    std::size_t count = 0;
    for (const char* path : {"\\WINNT\\system32\\config\\SYSTEM", "\\WINNT\\system32\\config\\SYSTEM.ALT",
                             "\\WINNT\\system32\\drivers\\amdpcn.sys"}) {
        std::string slashed = path + 1;
        std::replace(slashed.begin(), slashed.end(), '\\', '/');
        test::extract_file(image, partition.offset(), partition.bytes(), true, slashed,
                           scenario.path("content"));
        for (const volume::FileExtent& extent : subject->files().file_extents(path)) {
            const std::uint64_t size = std::filesystem::file_size(scenario.path("content"));
            const std::uint64_t length =
                std::min(extent.length, size - std::min(size, extent.file_offset)) / 512;
            if (length == 0)
                continue;
            const std::string sum =
                md5_of("dd if='" + scenario.path("content") + "' bs=512 status=none skip=" +
                       std::to_string(extent.file_offset / 512) + " count=" + std::to_string(length));
            ranges += (ranges.empty() ? "" : ",") +
                      std::to_string((partition.offset() + extent.volume_offset) / 512) + ":" +
                      std::to_string(length) + ":" + sum;
            ++count;
        }
    }
    REQUIRE(count >= 3);
    test::run_shell("timeout 300 nice qemu-system-i386 -accel tcg -M pc -cpu pentium3 -m 128 -display none "
                    "-no-reboot -net none"
                    " -kernel '" +
                    agent + "/vmlinuz' -initrd '" + agent +
                    "/initrd' -append 'console=ttyS0 quiet reboot=k ntferry.exit=0x501 ntferry.checks=ranges "
                    "ntferry.ranges=" +
                    ranges + "' -drive file='" + image +
                    "',format=raw,if=ide,index=0,snapshot=on"
                    " -device isa-debug-exit,iobase=0x501,iosize=1 -serial file:'" +
                    scenario.path("log") + "'");
    const std::string said = test::run_shell("tr -d '\\r' < '" + scenario.path("log") + "'").out;
    INFO(said);
    std::size_t good = 0;
    for (std::size_t at = said.find("CHECK ranges ok"); at != std::string::npos;
         at = said.find("CHECK ranges ok", at + 1))
        ++good;
    CHECK(good == count);
    CHECK_THAT(said, !Catch::Contains("CHECK ranges fail"));
}
