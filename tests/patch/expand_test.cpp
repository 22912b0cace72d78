// Unpacking of setup media files, packed by independent tools.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/patch/drivers/expand.hpp"
#include "tests/support/run.hpp"
#include "tests/support/skip.hpp"
#include "tests/support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <iterator>

using namespace ntferry;
using namespace ntferry::patch;

namespace {

Bytes sample() {
    Bytes bytes(100'000);
    for (std::size_t i = 0; i < bytes.size(); ++i)
        bytes[i] = static_cast<std::uint8_t>((i * i / 7) ^ (i >> 5U));
    return bytes;
}

void store(const std::string& path, const Bytes& bytes) {
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

Bytes load(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return Bytes(std::istreambuf_iterator<char>(in), {});
}

/// KWAJ after the format notes of libmspack: magic, method, data offset, flags; method 1 is XOR 0xFF.
Bytes kwaj(const Bytes& content) {
    Bytes file{'K', 'W', 'A', 'J', 0x88, 0xF0, 0x27, 0xD1, 1, 0, 14, 0, 0, 0};
    for (const std::uint8_t byte : content)
        file.push_back(static_cast<std::uint8_t>(byte ^ 0xFFU));
    return file;
}

Bytes cabinet(const test::TempDir& dir, const std::string& members) {
    store(dir / "atapi.sys", sample());
    store(dir / "other.sys", Bytes(10, 1));
    const auto result = test::run_shell("cd " + dir.path().string() + " && gcab -c -z -n x.cab " + members);
    REQUIRE(result.exit_code == 0);
    return load(dir / "x.cab");
}

} // namespace

TEST_CASE("the packed name of a file ends in an underscore") {
    CHECK(packed_name("ATAPI.SYS") == "atapi.sy_");
    CHECK(packed_name("x.c") == "x.c_");
    CHECK(packed_name("readme") == "readme._");
}

TEST_CASE("a raw file comes back as it is") {
    CHECK((expand(sample(), "atapi.sys", "raw") == sample()));
    CHECK(expand({}, "atapi.sys", "empty").empty());
}

TEST_CASE("a one-file MSZIP cabinet gives its file whatever that is called") {
    if (!test::have_program("gcab"))
        NTFERRY_SKIP("gcab is not installed");
    const test::TempDir dir;
    const Bytes packed = cabinet(dir, "atapi.sys");
    CHECK(recognise_packing(packed) == Packing::cabinet);
    CHECK((expand(packed, "atapi.sys", "x.cab") == sample()));
    CHECK((expand(packed, "renamed.sys", "x.cab") == sample()));
}

TEST_CASE("a cabinet with several files gives the wanted one or says that it lacks it") {
    if (!test::have_program("gcab"))
        NTFERRY_SKIP("gcab is not installed");
    const test::TempDir dir;
    const Bytes packed = cabinet(dir, "other.sys atapi.sys");
    CHECK((expand(packed, "ATAPI.SYS", "x.cab") == sample()));
    CHECK_THROWS_WITH(expand(packed, "disk.sys", "x.cab"), Catch::Contains("does not hold disk.sys"));
}

TEST_CASE("an SZDD file made by mscompress unpacks") {
    if (!test::have_program("mscompress"))
        NTFERRY_SKIP("mscompress is not installed");
    const test::TempDir dir;
    store(dir / "atapi.sys", sample());
    REQUIRE(test::run_shell("cd " + dir.path().string() + " && mscompress atapi.sys").exit_code == 0);
    const Bytes packed = load(dir / "atapi.sys_");
    CHECK(recognise_packing(packed) == Packing::szdd);
    CHECK((expand(packed, "atapi.sys", "atapi.sy_") == sample()));
}

TEST_CASE("a KWAJ file that ends after its magic is refused") {
    const Bytes file{0x4B, 0x57, 0x41, 0x4A, 0x88, 0xF0, 0x27, 0xD1}; // found by fuzzing
    CHECK_THROWS_AS(patch::expand(file, "X.SY_", "X.SY_", 1U << 20U), Error);
}

TEST_CASE("a KWAJ file unpacks") {
    CHECK(recognise_packing(kwaj(sample())) == Packing::kwaj);
    CHECK((expand(kwaj(sample()), "atapi.sys", "atapi.sy_") == sample()));
}

TEST_CASE("a truncated packed file is refused, not shortened") {
    if (!test::have_program("gcab") || !test::have_program("mscompress"))
        NTFERRY_SKIP("gcab or mscompress is not installed");
    const test::TempDir dir;
    Bytes packed = cabinet(dir, "atapi.sys");
    packed.resize(packed.size() / 2);
    CHECK_THROWS_AS(expand(packed, "atapi.sys", "x.cab"), Error);
    REQUIRE(test::run_shell("cd " + dir.path().string() + " && mscompress atapi.sys").exit_code == 0);
    Bytes szdd = load(dir / "atapi.sys_");
    szdd.resize(szdd.size() / 2);
    CHECK_THROWS_AS(expand(szdd, "atapi.sys", "atapi.sy_"), Error);
}

TEST_CASE("what unpacks to more than the limit is refused") {
    CHECK_THROWS_WITH(expand(kwaj(sample()), "atapi.sys", "bomb", 1000), Catch::Contains("more than"));
    CHECK_THROWS_AS(expand(sample(), "atapi.sys", "raw", 1000), Error);
}

TEST_CASE("a damaged cabinet names the file and what is wrong") {
    Bytes packed{'M', 'S', 'C', 'F', 0, 0, 0, 0};
    packed.resize(60);
    CHECK_THROWS_WITH(expand(packed, "a.sys", "/cd/I386/A.SY_"), Catch::Contains("/cd/I386/A.SY_"));
}
