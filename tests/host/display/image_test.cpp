// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/base/error.hpp"
#include "tests/support/run.hpp"
#include "tests/support/temp_dir.hpp"
#include "vmm/host/display/frame_image.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <fstream>

using namespace ntferry;
using namespace ntferry::vmm;

TEST_CASE("a picture becomes a PPM, pixel by pixel") {
    const Bytes file = ppm_of({2, 1, {0x00FF8001, 0x00000010}});
    const std::string expected = std::string("P6\n2 1\n255\n") + std::string("\xFF\x80\x01\x00\x00\x10", 6);
    CHECK(std::string(file.begin(), file.end()) == expected);
    CHECK_THROWS_AS(ppm_of({}), Error);
    CHECK_THROWS_AS(png_of({2, 2, {0}}), Error);
}

TEST_CASE("a picture becomes a PNG that other programs read") {
    const test::TempDir folder;
    const Bytes png = png_of({3, 2, {1, 2, 3, 4, 5, 6}});
    std::ofstream(folder / "s.png", std::ios::binary)
        .write(reinterpret_cast<const char*>(png.data()), static_cast<std::streamsize>(png.size()));
    CHECK(test::run_shell("file " + (folder / "s.png")).out.find("3 x 2, 8-bit/color RGB") !=
          std::string::npos);
}
