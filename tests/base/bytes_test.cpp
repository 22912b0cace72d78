// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/base/bytes.hpp"

#include <catch2/catch.hpp>

#include <limits>

using namespace ntferry;

TEST_CASE("loads and stores keep their byte order") {
    Bytes bytes(8);
    store_le<std::uint32_t>(bytes, 0, 0x11223344);
    store_be<std::uint32_t>(bytes, 4, 0x11223344);
    CHECK(to_hex(bytes) == "4433221111223344");
    CHECK(load_le<std::uint32_t>(bytes, 0) == 0x11223344);
    CHECK(load_be<std::uint16_t>(bytes, 4) == 0x1122);
}

TEST_CASE("a load outside the bytes is an error that says how far outside") {
    const Bytes bytes(3);
    CHECK_THROWS_WITH(load_le<std::uint32_t>(bytes, 1), "truncated: 4 bytes needed at offset 1, 3 there");
    CHECK_THROWS_AS(load_le<std::uint8_t>(bytes, std::numeric_limits<std::size_t>::max()), Error);
}

TEST_CASE("all_zero sees a single set bit at either end") {
    Bytes bytes(4096);
    CHECK(all_zero(bytes));
    CHECK(all_zero({}));
    bytes.back() = 1;
    CHECK_FALSE(all_zero(bytes));
    bytes.back() = 0;
    bytes.front() = 0x80;
    CHECK_FALSE(all_zero(bytes));
}

TEST_CASE("an error reads as one line: where, problem, remedy") {
    const Error error("disk.img", "volume 1 is mounted", "unmount it first (nothing was written)");
    CHECK(error.within("capture").what() ==
          std::string("capture: disk.img: volume 1 is mounted; unmount it first (nothing was written)"));
}
