// Finding driver files: which copy wins, which are refused and why, the fleet's cache.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/patch/drivers/driver_cache.hpp"
#include "converter/patch/drivers/driver_source.hpp"
#include "tests/support/lookalike.hpp"
#include "tests/support/skip.hpp"
#include "tests/support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>

using namespace ntferry;
using namespace ntferry::patch;

namespace {

DriverSource source_of(std::initializer_list<const char*> media) {
    DriverSource source;
    for (const char* name : media)
        source.add(open_medium(test::lookalike_media() + "/" + name));
    return source;
}

bool rejected_for(const FoundDriver& found, const std::string& part) {
    for (const std::string& line : found.rejected)
        if (line.find(part) != std::string::npos)
            return true;
    return false;
}

} // namespace

#define NEED_LOOKALIKES()                                                                                    \
    if (const auto missing = test::lookalike_missing(); !missing.empty())                                    \
    NTFERRY_SKIP(missing)

TEST_CASE("the copy of the installed service pack wins, then an older one, whatever the order of the media") {
    NEED_LOOKALIKES();
    const DriverSource source = source_of({"cd", "sp6a", "sp5", "sp3"});
    const auto level = [&](unsigned installed) {
        return source.find("atapi.sys", {installed, false, false, {}, "4.0"}).copy->service_pack;
    };
    CHECK(level(5) == 5U);
    CHECK(level(3) == 3U);
    CHECK(level(4) == 3U); // SP4 is not among the media
    CHECK(level(0) == 0U);
}

TEST_CASE("cabinets, SZDD and raw files of the CD and its ISO image come out the same") {
    NEED_LOOKALIKES();
    const DriverSource folder = source_of({"cd"});
    const DriverSource iso = source_of({"cd.iso"});
    for (const char* name : {"amdpcn.sys", "vga.dll", "sermouse.sys", "hal.dll"}) {
        const auto a = folder.find(name, {0U, false, false, {}, "4.0"});
        const auto b = iso.find(name, {0U, false, false, {}, "4.0"});
        INFO(name);
        REQUIRE(a.copy);
        REQUIRE(b.copy);
        CHECK((a.copy->content == b.copy->content));
        CHECK(native_image_problem(a.copy->facts).empty());
    }
}

TEST_CASE("kernel and HAL are taken from exactly the installed service pack and edition") {
    NEED_LOOKALIKES();
    const DriverSource source = source_of({"cd", "sp5", "tse-cd"});
    CHECK(source.find("ntoskrnl.exe", {5U, false, true, {}, "4.0"}).copy.has_value());
    const auto wrong = source.find("ntoskrnl.exe", {6U, false, true, {}, "4.0"});
    CHECK_FALSE(wrong.copy.has_value());
    CHECK(rejected_for(wrong, "it is of service pack 5, installed is 6"));
    CHECK(rejected_for(wrong, "Terminal Server Edition"));
}

TEST_CASE("files of another Windows NT are refused by their version") {
    NEED_LOOKALIKES();
    const auto found = source_of({"cd"}).find("amdpcn.sys", {5U, false, false, {}, "3.51"});
    CHECK_FALSE(found.copy.has_value());
    CHECK(rejected_for(found, "it is of Windows NT 4.0, installed is 3.51"));
}

TEST_CASE("a copy with a wrong checksum is refused by name and the next one taken") {
    NEED_LOOKALIKES();
    const test::TempDir dir;
    const DriverSource good = source_of({"sp5"});
    Bytes content = good.find("atapi.sys", {5U, false, false, {}, "4.0"}).copy->content;
    content[content.size() / 2] ^= 1;
    std::ofstream(dir / "ATAPI.SYS", std::ios::binary)
        .write(reinterpret_cast<const char*>(content.data()), static_cast<std::streamsize>(content.size()));
    DriverSource source;
    source.add(open_medium(dir.path().string()));
    const auto bad = source.find("atapi.sys", {5U, false, false, {}, "4.0"});
    CHECK_FALSE(bad.copy.has_value());
    CHECK(rejected_for(bad, "checksum"));
    source.add(open_medium(test::lookalike_media() + "/sp3"));
    CHECK(source.find("atapi.sys", {5U, false, false, {}, "4.0"}).copy.has_value());
}

TEST_CASE("a cache filled once gives the same copies without the media, and notices a changed file") {
    NEED_LOOKALIKES();
    const test::TempDir dir;
    SilentProgress progress;
    const std::string folder = dir / "cache";
    const auto added = fill_cache(folder, *open_medium(test::lookalike_media() + "/cd"), progress) +
                       fill_cache(folder, *open_medium(test::lookalike_media() + "/sp6a"), progress);
    CHECK(added > 50);
    CHECK(fill_cache(folder, *open_medium(test::lookalike_media() + "/cd"), progress) == 0);

    DriverSource cached;
    cached.add(open_cache(folder));
    const DriverSource media = source_of({"cd", "sp6a"});
    for (const char* name : {"amdpcn.sys", "atapi.sys", "hal.dll", "halmps.dll", "ntkrnlmp.exe"}) {
        INFO(name);
        const auto a = cached.find(name, {6U, false, false, {}, "4.0"});
        const auto b = media.find(name, {6U, false, false, {}, "4.0"});
        REQUIRE(a.copy);
        CHECK(a.copy->service_pack == b.copy->service_pack);
        CHECK((a.copy->content == b.copy->content));
    }
    for (const auto& entry : std::filesystem::directory_iterator(folder + "/files"))
        std::ofstream(entry.path(), std::ios::app) << "x";
    const auto changed = cached.find("amdpcn.sys", {6U, false, false, {}, "4.0"});
    CHECK_FALSE(changed.copy.has_value());
    CHECK(rejected_for(changed, "has changed since"));
}
