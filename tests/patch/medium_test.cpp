// Media: what a folder or an image is a medium of, and reading from it.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/patch/drivers/medium.hpp"
#include "tests/support/run.hpp"
#include "tests/support/skip.hpp"
#include "tests/support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>

using namespace ntferry;
using namespace ntferry::patch;

namespace {

void put(const std::string& path, const std::string& content) {
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream(path, std::ios::binary) << content;
}

void make_cd(const test::TempDir& dir) {
    put(dir / "cd/CDROM_S.40", "x");
    put(dir / "cd/I386/TXTSETUP.SIF", "[SetupData]");
    put(dir / "cd/I386/ATAPI.SYS", "driver");
    put(dir / "cd/DRVLIB/NETCARD/X.SYS", "card");
}

bool holds(const Medium& medium, const std::string& path) {
    return std::any_of(medium.files().begin(), medium.files().end(),
                       [&](const MediumFile& file) { return file.path == path; });
}

} // namespace

TEST_CASE("a folder with TXTSETUP.SIF is a setup CD without service pack") {
    const test::TempDir dir;
    make_cd(dir);
    const MediumPtr cd = open_medium(dir / "cd");
    CHECK(cd->info().kind == MediumKind::setup_cd);
    CHECK(cd->info().service_pack == 0U);
    CHECK_FALSE(cd->info().terminal_server);
    CHECK(cd->read("I386/ATAPI.SYS") == Bytes{'d', 'r', 'i', 'v', 'e', 'r'});
}

TEST_CASE("the same CD as an ISO image reads the same") {
    if (!test::have_program("xorriso"))
        NTFERRY_SKIP("xorriso is not installed");
    const test::TempDir dir;
    make_cd(dir);
    REQUIRE(test::run_shell("cd " + dir.path().string() +
                            " && xorriso -as mkisofs -quiet -iso-level 1 -o cd.iso cd 2>/dev/null")
                .exit_code == 0);
    const MediumPtr cd = open_medium(dir / "cd.iso");
    CHECK(cd->info().kind == MediumKind::setup_cd);
    CHECK(holds(*cd, "DRVLIB/NETCARD/X.SYS"));
    CHECK(cd->read("I386/ATAPI.SYS") == Bytes{'d', 'r', 'i', 'v', 'e', 'r'});
}

TEST_CASE("UPDATE.INF tells which service pack a folder is") {
    const test::TempDir dir;
    put(dir / "sp/update/update.inf", "[Strings]\r\nName = \"Windows NT 4.0 Service Pack 6a\"\r\n");
    put(dir / "sp/atapi.sys", "x");
    const MediumPtr pack = open_medium(dir / "sp");
    CHECK(pack->info().kind == MediumKind::service_pack);
    CHECK(pack->info().service_pack == 6U);
}

TEST_CASE("TERMDD.SYS marks a Terminal Server Edition medium") {
    const test::TempDir dir;
    make_cd(dir);
    put(dir / "cd/I386/TERMDD.SY_", "x");
    CHECK(open_medium(dir / "cd")->info().terminal_server);
}

TEST_CASE("what is neither a folder nor an image is refused with a way out") {
    const test::TempDir dir;
    CHECK_THROWS_WITH(open_medium(dir / "nothing"), Catch::Contains("no such folder or image"));
    put(dir / "junk.iso", std::string(100'000, 'j'));
    CHECK_THROWS_WITH(open_medium(dir / "junk.iso"), Catch::Contains("ISO 9660"));
}
