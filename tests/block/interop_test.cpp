// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/block/raw.hpp"
#include "converter/block/rescue_map.hpp"
#include "converter/block/vhd/vhd.hpp"
#include "tests/support/run.hpp"
#include "tests/support/skip.hpp"
#include "tests/support/temp_dir.hpp"

#include <catch2/catch.hpp>
#include <libvhdi.h>

#include <fstream>
#include <random>

using namespace ntferry;
using namespace ntferry::block;
using Catch::Matchers::Contains;
using test::TempDir;

namespace {

constexpr std::uint64_t small_disk = 9U << 20U;

Bytes read_all(BlockDevice& disk) {
    Bytes bytes(disk.size());
    disk.read(0, bytes);
    return bytes;
}

void scribble(BlockDevice& disk, Bytes& model, unsigned seed) {
    std::mt19937 random(seed);
    for (int i = 0; i < 25; ++i) {
        Bytes data(512 * (1 + random() % 100));
        for (auto& byte : data)
            byte = static_cast<std::uint8_t>(random());
        const std::size_t at = random() % (model.size() / 512 - data.size() / 512) * 512;
        disk.write(at, data);
        std::copy(data.begin(), data.end(), model.begin() + static_cast<std::ptrdiff_t>(at));
    }
}

struct Vhdi {
    Vhdi() { REQUIRE(libvhdi_file_initialize(&file, nullptr) == 1); }
    ~Vhdi() { libvhdi_file_free(&file, nullptr); }
    Vhdi(const Vhdi&) = delete;
    Vhdi& operator=(const Vhdi&) = delete;
    libvhdi_file_t* file = nullptr;
};

Bytes read_all(const Vhdi& vhdi) {
    std::uint64_t size = 0;
    REQUIRE(libvhdi_file_get_media_size(vhdi.file, &size, nullptr) == 1);
    Bytes bytes(size);
    for (std::size_t at = 0; at < size;) {
        const ssize_t got = libvhdi_file_read_buffer_at_offset(vhdi.file, bytes.data() + at,
                                                               std::min<std::size_t>(size - at, 1U << 20U),
                                                               static_cast<off64_t>(at), nullptr);
        REQUIRE(got > 0);
        at += static_cast<std::size_t>(got);
    }
    return bytes;
}

} // namespace

TEST_CASE("libvhdi reads our fixed, dynamic and differencing images byte for byte") {
    const TempDir dir;
    Bytes model;
    {
        auto base = GENERATE(true, false) ? vhd::create_dynamic(dir / "base.vhd", small_disk)
                                          : vhd::create_fixed(dir / "base.vhd", small_disk);
        model.resize(base->size());
        scribble(*base, model, 1);
    }
    const Vhdi base;
    REQUIRE(libvhdi_file_open(base.file, (dir / "base.vhd").c_str(), LIBVHDI_OPEN_READ, nullptr) == 1);
    CHECK((read_all(base) == model));
    scribble(*vhd::create_differencing(dir / "child.vhd", dir / "base.vhd"), model, 2);
    const Vhdi child;
    REQUIRE(libvhdi_file_open(child.file, (dir / "child.vhd").c_str(), LIBVHDI_OPEN_READ, nullptr) == 1);
    REQUIRE(libvhdi_file_set_parent_file(child.file, base.file, nullptr) == 1);
    const Bytes seen = read_all(child);
    const auto differ = std::mismatch(seen.begin(), seen.end(), model.begin(), model.end());
    CHECK(differ.first - seen.begin() == static_cast<std::ptrdiff_t>(model.size()));
}

TEST_CASE("a VHDX image reads byte for byte") {
    if (!test::have_program("qemu-img"))
        NTFERRY_SKIP("qemu-img is not installed");
    const TempDir dir;
    Bytes model(small_disk);
    scribble(*create_raw(dir / "a.raw", small_disk), model, 3);
    REQUIRE(test::run_shell("qemu-img convert -f raw -O vhdx " + (dir / "a.raw") + " " + (dir / "a.vhdx"))
                .exit_code == 0);
    CHECK((read_all(*open_disk(dir / "a.vhdx")) == model));
    CHECK_THROWS_WITH(open_disk(dir / "a.vhdx", {.access = Access::read_write}),
                      Contains("can only be read"));
}

TEST_CASE("qemu-nbd serves a QCOW2 image, which itself is refused with the way to do that") {
    if (!test::have_program("qemu-nbd"))
        NTFERRY_SKIP("qemu-nbd is not installed");
    const TempDir dir;
    Bytes model(small_disk);
    scribble(*create_raw(dir / "a.raw", small_disk), model, 4);
    REQUIRE(test::run_shell("qemu-img convert -f raw -O qcow2 " + (dir / "a.raw") + " " + (dir / "a.qcow2"))
                .exit_code == 0);
    CHECK_THROWS_WITH(open_disk(dir / "a.qcow2"), Contains("QCOW2") && Contains("qemu-nbd"));
    REQUIRE(test::run_shell("qemu-nbd --fork -r -f qcow2 -k " + (dir / "sock") + " " + (dir / "a.qcow2"))
                .exit_code == 0);
    auto disk = open_disk("nbd+unix:///?socket=" + (dir / "sock"));
    CHECK((read_all(*disk) == model));
    std::uint64_t covered = 0;
    for (const Extent& extent : disk->extents(0, disk->size()))
        covered += extent.length;
    CHECK(covered == disk->size());
    Bytes odd(1000);
    disk->read(12345, odd);
    CHECK(std::equal(odd.begin(), odd.end(), model.begin() + 12345));
}

TEST_CASE("a split image and a redirected stream read as one disk") {
    const TempDir dir;
    Bytes model(small_disk);
    scribble(*create_raw(dir / "a.raw", small_disk), model, 5);
    REQUIRE(
        test::run_shell("split -b 1000000 -d -a 3 " + (dir / "a.raw") + " " + (dir / "part.")).exit_code ==
        0);
    CHECK((read_all(*open_disk(dir / "part.000")) == model));
}

TEST_CASE("an image that ddrescue made has errors where its map has no finished data") {
    const TempDir dir;
    Bytes model(small_disk);
    scribble(*create_raw(dir / "a.img", small_disk), model, 6);
    {
        std::ofstream map(dir / "a.map");
        map << "# Mapfile. Created by GNU ddrescue version 1.27\n# current_pos  current_status  "
               "current_pass\n"
               "0x00001000     +               1\n#      pos        size  status\n"
               "0x00000000  0x00001000  +\n0x00001000  0x00000200  -\n0x00001200  0x008FEE00  +\n";
    }
    auto disk = open_disk((dir / "a.img") + ",map=" + (dir / "a.map"));
    Bytes bytes(8192);
    try {
        disk->read(0, bytes);
        FAIL("the bad sector was read");
    } catch (const ReadError& error) {
        CHECK(error.offset() == 0x1000);
        CHECK(error.length() == 0x200);
    }
    disk->read(0x1200, bytes);
    CHECK(std::equal(bytes.begin(), bytes.end(), model.begin() + 0x1200));
}

TEST_CASE("what lies behind the end of a file that shrank is no hole, and reading it fails") {
    const TempDir dir;
    auto disk = create_raw(dir / "disk.img", 4U << 20U);
    disk->write(0, Bytes(1U << 20U, 7));
    CHECK(disk->extents(2U << 20U, 1U << 20U) ==
          std::vector<Extent>{{2U << 20U, 1U << 20U, ExtentKind::hole}});
    std::filesystem::resize_file(dir / "disk.img", 2U << 20U);
    CHECK(disk->extents(1U << 20U, 2U << 20U) ==
          std::vector<Extent>{{1U << 20U, 1U << 20U, ExtentKind::hole},
                              {2U << 20U, 1U << 20U, ExtentKind::data}});
    Bytes bytes(512);
    CHECK_THROWS_WITH(disk->read(3U << 20U, bytes), Catch::Contains("truncated or shrank"));
}

TEST_CASE("an empty line of a rescue map leaves one range around it") {
    const RescueMap map = RescueMap::parse("0x0 ? 1\n0x07 0x00 +\n0x1400 0x200 -\n", "fuzz.map");
    REQUIRE(map.ranges().size() == 2);
    CHECK(map.ranges()[0] == RescueRange{0, 0x1400, RescueStatus::non_tried});
}
