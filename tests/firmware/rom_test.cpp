// Firmware images as the machine takes them.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/firmware/rom.hpp"

#include "tests/support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <fstream>

using namespace ntferry;
using namespace ntferry::vmm;

namespace {

constexpr std::array<std::uint8_t, 11> LOOP = {0x85, 0xC9, 0x74, 0x06, 0x49, 0x88,
                                               0x14, 0x08, 0xEB, 0xF6, 0xC3};

std::string write(const test::TempDir& dir, const Bytes& image) {
    const std::string path = dir / "rom.bin";
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(image.data()), static_cast<std::streamsize>(image.size()));
    return path;
}

} // namespace

TEST_CASE("rom: an image is padded in front to 64 KiB and may have 1 MiB") {
    const test::TempDir dir;
    Bytes image(1000, 0x11);
    image.back() = 0x22;
    const Bytes rom = load_system_rom(write(dir, image));
    REQUIRE(rom.size() == 65536);
    CHECK(rom.front() == 0xFF);
    CHECK(rom[65536 - 1000] == 0x11);
    CHECK(rom.back() == 0x22);
    CHECK(load_system_rom(write(dir, Bytes(1U << 20U, 0x33))).size() == 1U << 20U);
    CHECK_THROWS_WITH(load_system_rom(write(dir, Bytes((1U << 20U) + 1, 0x33))),
                      Catch::Contains("allowed: 16 bytes to 1 MiB"));
    CHECK_THROWS_WITH(load_system_rom(write(dir, Bytes(15, 0x33))), Catch::Contains("are no system ROM"));
    CHECK_THROWS_WITH(load_system_rom(dir / "absent"), Catch::Contains("seabios"));
}

TEST_CASE("rom: SeaBIOS's loop that clears memory becomes a string instruction, the rest stays") {
    const test::TempDir dir;
    Bytes image(4096, 0xEE);
    std::copy(LOOP.begin(), LOOP.end(), image.begin() + 100);
    std::copy(LOOP.begin(), LOOP.end() - 1, image.begin() + 200); // nearly
    const Bytes rom = load_system_rom(write(dir, image));
    const auto at = [&](std::size_t offset) {
        return rom.end() - 4096 + static_cast<std::ptrdiff_t>(offset);
    };
    CHECK(std::all_of(at(0), at(100), [](std::uint8_t b) { return b == 0xEE; }));
    // push edi; mov edi, eax; xchg eax, edx; rep stosb; xchg eax, edx; pop edi; ret
    const std::array<std::uint8_t, 9> string = {0x57, 0x89, 0xC7, 0x92, 0xF3, 0xAA, 0x92, 0x5F, 0xC3};
    CHECK(std::equal(string.begin(), string.end(), at(100)));
    CHECK(*at(111) == 0xEE);
    CHECK(std::equal(LOOP.begin(), LOOP.end() - 1, at(200)));
}

TEST_CASE("rom: an option ROM begins with its signature") {
    const test::TempDir dir;
    Bytes image(512, 0);
    CHECK_THROWS_WITH(load_option_rom(write(dir, image)), Catch::Contains("55 AA"));
    image[0] = 0x55;
    image[1] = 0xAA;
    CHECK(load_option_rom(write(dir, image)).size() == 512);
}
