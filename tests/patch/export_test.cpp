// Geometry rewritten for other hypervisors, and our boot code.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/block/open.hpp"
#include "converter/patch/boot_code.hpp"
#include "converter/patch/export_geometry.hpp"
#include "converter/volume/geometry.hpp"
#include "tests/support/lookalike.hpp"
#include "tests/support/run.hpp"
#include "tests/support/skip.hpp"
#include "tests/support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <fstream>
#include <iterator>

using namespace ntferry;
using namespace ntferry::patch;

TEST_CASE("LBA assist takes as few heads as 1024 cylinders need") {
    constexpr std::uint64_t mib = std::uint64_t{1} << 20U;
    CHECK(lba_assist_geometry(500 * mib) == TargetGeometry{16, 63});
    CHECK(lba_assist_geometry(1000 * mib) == TargetGeometry{32, 63});
    CHECK(lba_assist_geometry(2000 * mib) == TargetGeometry{64, 63});
    CHECK(lba_assist_geometry(4000 * mib) == TargetGeometry{128, 63});
    CHECK(lba_assist_geometry(9000 * mib) == TargetGeometry{255, 63});
}

TEST_CASE("a disk of 240 heads is rewritten for 255: boot sectors, CHS values and nothing else") {
    if (const auto missing = test::lookalike_missing(); !missing.empty())
        NTFERRY_SKIP(missing);
    const test::TempDir dir;
    const std::string image = test::copy_lookalike("geo-240", dir / "disk.img");
    block::SharedBlockDevice disk = block::open_disk(image, {.access = block::Access::read_write});
    const auto before = volume::read_layout(*disk);

    const GeometryRewrite dry = rewrite_geometry(disk, {255, 63}, false);
    CHECK_FALSE(dry.changes.empty());
    CHECK(volume::recover_geometry(*disk, volume::read_layout(*disk)).heads == 240);

    const GeometryRewrite done = rewrite_geometry(disk, {255, 63}, true);
    CHECK(done.changes == dry.changes);
    CHECK(done.problems.empty());
    const auto after = volume::read_layout(*disk);
    const volume::Geometry geometry = volume::recover_geometry(*disk, after);
    CHECK(geometry.heads == 255);
    CHECK(geometry.confidence == volume::GeometryConfidence::certain);
    CHECK(geometry.contradictions.empty());
    CHECK(after.signature == before.signature);
    CHECK(after.partitions.at(0).start_lba == before.partitions.at(0).start_lba);
    CHECK(after.partitions.at(0).sectors == before.partitions.at(0).sectors);
    CHECK(rewrite_geometry(disk, {255, 63}, false).changes.empty());
}

TEST_CASE("files that NTLDR cannot reach under the new geometry are named") {
    if (const auto missing = test::lookalike_missing(); !missing.empty())
        NTFERRY_SKIP(missing);
    const block::SharedBlockDevice disk = block::open_disk(test::lookalike_disk("beyond-8g"));
    const GeometryRewrite dry = rewrite_geometry(disk, {255, 63}, false);
    REQUIRE_FALSE(dry.problems.empty());
    CHECK_THAT(dry.problems.front(), Catch::Contains("INT 13h ends at"));
    CHECK_THROWS_AS(rewrite_geometry(disk, {0, 63}, false), Error);
    CHECK_THROWS_AS(rewrite_geometry(disk, {255, 64}, false), Error);
}

TEST_CASE("the boot code in the program is its source assembled, and leaves the disk signature alone") {
    CHECK(boot_code().size() <= 440);
    if (!test::have_program("nasm"))
        NTFERRY_SKIP("nasm is not installed");
    const test::TempDir dir;
    REQUIRE(test::run_shell("nasm -f bin -o '" + (dir / "mbr.bin") +
                            "' '" NTFERRY_SOURCE_DIR "/converter/patch/data/mbr.asm'")
                .exit_code == 0);
    std::ifstream in(dir / "mbr.bin", std::ios::binary);
    const Bytes assembled(std::istreambuf_iterator<char>(in), {});
    CHECK(std::equal(assembled.begin(), assembled.end(), boot_code().begin(), boot_code().end()));
}
