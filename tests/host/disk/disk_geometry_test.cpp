// The geometry of a disk that comes without a machine.xml, from its partition table.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/host/disk/disk_geometry.hpp"

#include "converter/block/open.hpp"
#include "tests/support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <filesystem>
#include <fstream>

using namespace ntferry;
using namespace ntferry::vmm;

namespace {

using Entry = std::array<std::uint8_t, 16>;

/// As sfdisk wrote it for a system partition of 30 cylinders, 255 heads, 63 sectors.
constexpr Entry SYSTEM = {0x80, 1, 1, 0, 7, 254, 63, 29, 63, 0, 0, 0, 0x5F, 0x5A, 7, 0};
/// Behind it a stripe of 64 KiB units, which ends inside a cylinder: 39/254/53.
constexpr Entry STRIPE = {0, 0, 1, 30, 0x87, 254, 53, 39, 0x9E, 0x5A, 7, 0, 0x80, 0x73, 2, 0};

std::optional<GuessedGeometry> guess(std::initializer_list<Entry> entries, std::uint64_t sectors = 674730) {
    const test::TempDir folder;
    const std::string path = folder / "disk.img";
    std::array<char, 512> mbr{};
    std::size_t at = 446;
    for (const Entry& entry : entries)
        for (const std::uint8_t byte : entry)
            mbr[at++] = static_cast<char>(byte);
    mbr[510] = '\x55';
    mbr[511] = '\xAA';
    std::ofstream(path, std::ios::binary).write(mbr.data(), mbr.size());
    std::filesystem::resize_file(path, sectors * 512);
    return guess_geometry(*block::open_disk(path));
}

} // namespace

TEST_CASE("a partition that ends inside a cylinder does not hide the geometry that the others tell") {
    for (const auto& found : {guess({SYSTEM, STRIPE}), guess({STRIPE, SYSTEM}), guess({SYSTEM})}) {
        REQUIRE(found);
        CHECK(found->cylinders == 42);
        CHECK(found->heads == 255);
        CHECK(found->sectors == 63);
    }
}

TEST_CASE("a partition table that contradicts itself tells no geometry") {
    CHECK_FALSE(guess({STRIPE})); // nothing says that a cylinder has more sectors
    Entry other = STRIPE;
    other[5] = 239; // another head than its last sector's number says
    CHECK_FALSE(guess({SYSTEM, other}));
    Entry early = SYSTEM;
    early[1] = 2; // begins at head 2, and at sector 63
    CHECK_FALSE(guess({early}));
    CHECK_FALSE(guess({}));
}

TEST_CASE("beyond 1024 cylinders the largest end stands for every place") {
    const Entry large = {0x80, 1, 1, 0, 7, 254, 0xFF, 0xFF, 63, 0, 0, 0, 0x00, 0x00, 0x40, 1};
    const auto found = guess({large}, 21'000'000);
    REQUIRE(found);
    CHECK(found->heads == 255);
    CHECK(found->sectors == 63);
    CHECK(found->cylinders == 1307);
    CHECK_FALSE(guess({{0x80, 1, 1, 0, 7, 239, 0xFF, 0xFF, 63, 0, 0, 0, 0x00, 0x00, 0x40, 1}, STRIPE}));
}
