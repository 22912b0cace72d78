// The partition table against sfdisk's.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/volume/mbr.hpp"
#include "tests/support/run.hpp"
#include "tests/support/skip.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/volume/devices.hpp"

using namespace ntferry;
using namespace ntferry::volume;
using namespace ntferry::test;

namespace {

void put_entry(Bytes& disk, std::uint64_t sector, unsigned slot, std::uint8_t type, std::uint32_t start,
               std::uint32_t count, std::uint8_t flag = 0) {
    const std::size_t at = static_cast<std::size_t>(sector) * 512 + 0x1BE + slot * 16;
    disk[at] = flag;
    disk[at + 4] = type;
    store_le<std::uint32_t>(disk, at + 8, start);
    store_le<std::uint32_t>(disk, at + 12, count);
    store_le<std::uint16_t>(disk, static_cast<std::size_t>(sector) * 512 + 510, 0xAA55);
}

} // namespace

TEST_CASE("mbr: partitions are those that sfdisk made, logical drives included") {
    if (!have_program("sfdisk"))
        NTFERRY_SKIP("sfdisk is not installed");
    const TempDir dir;
    const std::string path = dir / "disk.img";
    const RunResult made =
        run_shell("truncate -s 64M " + path +
                  " && printf 'label: dos\\nlabel-id: 0x1234abcd\\nunit: sectors\\n"
                  "start=63, size=16002, type=12\\nstart=16065, size=32130, type=7, bootable\\n"
                  "start=48195, size=64260, type=5\\nstart=48258, size=16002, type=6\\n"
                  "start=64323, size=16002, type=86\\n' | sfdisk -q --no-reread -f " +
                  path);
    INFO(made.err);
    REQUIRE(made.exit_code == 0);
    FileDevice disk(path);
    const DiskLayout layout = read_layout(disk);
    CHECK(layout.signature == 0x1234abcd);
    CHECK(layout.problems.empty());
    REQUIRE(layout.partitions.size() == 5);
    const auto& p = layout.partitions;
    CHECK(p[0].type == 0x12);
    CHECK(p[0].arc_number == 1);
    CHECK(p[1].start_lba == 16065);
    CHECK(p[1].sectors == 32130);
    CHECK(p[1].active);
    CHECK(p[1].arc_number == 2);
    CHECK(layout.active() == &p[1]);
    CHECK(p[2].is_extended());
    CHECK(p[2].arc_number == 0);
    CHECK(p[3].logical);
    CHECK(p[3].start_lba == 48258);
    CHECK(p[3].arc_number == 3);
    CHECK(p[4].start_lba == 64323);
    CHECK(p[4].arc_number == 4);
    CHECK(p[4].is_ft_member());
    CHECK(p[4].base_type() == 6);
    CHECK(layout.by_arc_number(4) == &p[4]);
    CHECK(layout.gaps.front() == Gap{1, 62});
}

TEST_CASE("mbr: CHS fields are unpacked as INT 13h packs them") {
    Bytes disk(512 * 2000);
    put_entry(disk, 0, 0, 6, 63, 1000, 0x80);
    disk[0x1BE + 1] = 1;
    disk[0x1BE + 2] = 1;
    disk[0x1BE + 5] = 239;
    disk[0x1BE + 6] = 0xFF;
    disk[0x1BE + 7] = 0x0A;
    MemoryDevice device(disk);
    const DiskLayout layout = read_layout(device);
    CHECK(layout.partitions[0].start_chs == Chs{0, 1, 1});
    CHECK(layout.partitions[0].end_chs == Chs{0x30A, 239, 63});
}

TEST_CASE("mbr: a chain that loops, leaves the disk or has no end is cut off and told") {
    Bytes disk(512 * 4096);
    put_entry(disk, 0, 0, 5, 100, 3900);
    SECTION("loops") {
        put_entry(disk, 100, 0, 6, 1, 10);
        put_entry(disk, 100, 1, 5, 50, 100);
        put_entry(disk, 150, 1, 5, 0, 100);
        put_entry(disk, 150, 0, 6, 1, 10);
        put_entry(disk, 150, 1, 5, 50, 100);
        MemoryDevice device(disk);
        const DiskLayout layout = read_layout(device);
        CHECK(layout.partitions.size() == 3);
        REQUIRE(layout.problems.size() == 1);
        CHECK_THAT(layout.problems[0], Catch::Contains("loops back to sector 150"));
    }
    SECTION("leaves the disk") {
        put_entry(disk, 100, 1, 5, 0xFFFFFFF0, 100);
        MemoryDevice device(disk);
        CHECK_THAT(read_layout(device).problems.at(0), Catch::Contains("outside the disk"));
    }
    SECTION("has no end") {
        for (std::uint32_t i = 0; i < 3000; ++i) {
            put_entry(disk, 100 + i, 0, 6, 1, 1);
            put_entry(disk, 100 + i, 1, 5, i + 1, 1);
        }
        MemoryDevice device(disk);
        const DiskLayout layout = read_layout(device);
        CHECK(layout.partitions.size() <= 258);
        CHECK_FALSE(layout.problems.empty());
    }
}

TEST_CASE("mbr: GPT and disks without a table are refused in a clear line") {
    Bytes disk(512 * 100);
    MemoryDevice empty(disk);
    CHECK_THROWS_WITH(read_layout(empty), Catch::Contains("no partition table"));
    put_entry(disk, 0, 0, 0xEE, 1, 99);
    MemoryDevice gpt(disk);
    try {
        read_layout(gpt);
        FAIL("read");
    } catch (const Error& error) {
        CHECK(error.kind() == ErrorKind::unsupported);
        CHECK_THAT(error.what(), Catch::Contains("GUID partition table"));
    }
}

TEST_CASE("mbr: NT 4.0 gives no ARC number to drives inside a type 0F container, but counts the container") {
    Bytes disk(512 * 4096);
    put_entry(disk, 0, 0, 0x0F, 100, 1000);
    put_entry(disk, 0, 1, 7, 2000, 1000);
    put_entry(disk, 100, 0, 6, 1, 10);
    MemoryDevice device(disk);
    const DiskLayout layout = read_layout(device);
    CHECK(layout.partitions[0].arc_number == 1);
    CHECK(layout.partitions[1].arc_number == 2);
    CHECK(layout.partitions[2].arc_number == 0);
}
