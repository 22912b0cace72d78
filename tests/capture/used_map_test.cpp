// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/capture/used_map.hpp"

#include "converter/block/open.hpp"
#include "converter/block/raw.hpp"
#include "converter/capture/capture.hpp"
#include "tests/capture/support.hpp"
#include "tests/support/run.hpp"
#include "tests/support/skip.hpp"
#include "tests/support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <random>
#include <regex>
#include <span>

using namespace ntferry;
using namespace ntferry::capture;
using test::TempDir;

namespace {

/// Overwrites every skipped range: what a file system and its files need must not be among them.
void soil_skipped(const std::string& disk, const SkipList& skips, SkipKind kind) {
    auto device = block::open_disk(disk, {.access = block::Access::read_write});
    const Bytes soil = test::noise(1U << 20U, 1);
    for (const Skip& skip : skips.ranges())
        for (std::uint64_t at = 0; skip.kind == kind && at < skip.length; at += soil.size())
            device->write(skip.offset + at,
                          std::span(soil).first(std::min<std::uint64_t>(soil.size(), skip.length - at)));
}

std::string digest_of_file(const std::string& disk, const std::string& kind, const std::string& file) {
    const std::string volume = disk + ".volume";
    test::run_shell("tail -c +" + std::to_string(63 * 512 + 1) + " " + disk + " >" + volume);
    const auto result = test::run_shell(
        (kind == "ntfs" ? "ntfscat " + volume + " " + file : "mcopy -n -i " + volume + " ::/" + file + " -") +
        " | sha256sum");
    return result.out;
}

} // namespace

TEST_CASE("free space and the page file of every file system are found, and nothing that is in use") {
    const std::string kind = GENERATE("ntfs", "fat12", "fat16", "fat16-64k", "fat32");
    const TempDir dir;
    const std::string disk = test::make_volume_disk(dir.path().string(), kind);
    if (disk.empty())
        NTFERRY_SKIP("mkntfs, mkfs.fat, mtools or sfdisk is missing");
    UsedMap map;
    {
        auto device = block::open_disk(disk);
        map = build_used_map(*device);
    }
    REQUIRE(map.volumes.size() == 1);
    INFO(kind << ": " << map.volumes[0].copied_whole_because);
    CHECK(map.volumes[0].copied_whole_because.empty());
    CHECK(map.volumes[0].free_bytes > 1'000'000);
    CHECK(map.volumes[0].page_file_bytes >= 2'000'000);
    CHECK(map.volumes[0].page_file_bytes < 2'000'000 + 65536 + 512);

    const std::string before = digest_of_file(disk, kind, "data.bin");
    const std::string page_before = digest_of_file(disk, kind, "pagefile.sys");
    soil_skipped(disk, map.skips, SkipKind::free_space);
    CHECK(digest_of_file(disk, kind, "data.bin") == before);
    CHECK(digest_of_file(disk, kind, "pagefile.sys") == page_before);
    soil_skipped(disk, map.skips, SkipKind::page_file);
    CHECK(digest_of_file(disk, kind, "data.bin") == before);
    CHECK(digest_of_file(disk, kind, "pagefile.sys") != page_before);
    const std::string check = kind == "ntfs" ? "ntfsfix -n " : "fsck.fat -n ";
    CHECK(test::run_shell(check + disk + ".volume").exit_code == 0);
}

TEST_CASE("the free bytes of an NTFS volume are those that ntfsinfo counts") {
    const TempDir dir;
    const std::string disk = test::make_volume_disk(dir.path().string(), "ntfs");
    if (disk.empty() || !test::have_program("ntfsinfo"))
        NTFERRY_SKIP("ntfs-3g's programs are missing");
    const auto info = test::run_shell("ntfsinfo -m " + (dir / "volume"));
    std::smatch found;
    REQUIRE(std::regex_search(info.out, found, std::regex("Free Clusters: *([0-9]+)")));
    auto device = block::open_disk(disk);
    CHECK(build_used_map(*device).volumes.at(0).free_bytes == std::stoull(found[1]) * 4096);
}

TEST_CASE("a dirty volume is copied whole unless the user trusts it") {
    const TempDir dir;
    const std::string disk = test::make_volume_disk(dir.path().string(), "ntfs");
    if (disk.empty())
        NTFERRY_SKIP("ntfs-3g's programs are missing");
    // $Volume is MFT record 3; its flags are at a place that ntfsinfo knows and mkntfs keeps: find the
    // attribute.
    auto device = block::open_disk(disk, {.access = block::Access::read_write});
    Bytes bytes(4U << 20U);
    device->read(63 * 512, bytes);
    const auto mft = load_le<std::uint64_t>(bytes, 0x30) * 4096;
    for (std::size_t at = mft + 3 * 1024 + load_le<std::uint16_t>(bytes, mft + 3 * 1024 + 0x14);;) {
        if (load_le<std::uint32_t>(bytes, at) == 0x70) {
            const std::size_t flags = at + load_le<std::uint16_t>(bytes, at + 0x14) + 10;
            const Bytes dirty{1, 0};
            device->write(63 * 512 + flags, dirty);
            break;
        }
        at += load_le<std::uint32_t>(bytes, at + 4);
    }
    const UsedMap whole = build_used_map(*device);
    CHECK(whole.skips.ranges().empty());
    CHECK_FALSE(whole.volumes.at(0).copied_whole_because.empty());
    CHECK_FALSE(build_used_map(*device, {.trust_dirty = true}).skips.ranges().empty());
}

TEST_CASE("a damaged file system is copied whole, whatever bytes are damaged") {
    const TempDir dir;
    const std::string kind = GENERATE("ntfs", "fat16");
    const std::string disk = test::make_volume_disk(dir.path().string(), kind);
    if (disk.empty())
        NTFERRY_SKIP("mkntfs, mkfs.fat, mtools or sfdisk is missing");
    test::FailingDisk source(test::read_all(*block::open_disk(disk)));
    const Bytes good = source.content;
    std::mt19937 random(3);
    for (int round = 0; round < 300; ++round) {
        source.content = good;
        for (int i = 0; i < 8; ++i) {
            const std::size_t at = i < 4 ? 63 * 512 + random() % 512 : random() % (2U << 20U);
            source.content[at] = static_cast<std::uint8_t>(random());
        }
        const UsedMap map = build_used_map(source); // must neither throw nor leave the disk
        for (const Skip& skip : map.skips.ranges())
            REQUIRE(skip.end() <= source.size());
    }
}

TEST_CASE("unreadable tables cost the skipping, not the capture") {
    const TempDir dir;
    const std::string disk = test::make_volume_disk(dir.path().string(), "ntfs");
    if (disk.empty())
        NTFERRY_SKIP("ntfs-3g's programs are missing");
    test::FailingDisk source(test::read_all(*block::open_disk(disk)));
    source.bad = {63};
    CHECK(build_used_map(source).skips.ranges().empty());
    source.bad = {0};
    CHECK(build_used_map(source).skips.ranges().empty());
}

TEST_CASE("a list of skipped ranges stays small by giving up the shortest") {
    SkipList skips(1000);
    for (std::uint64_t i = 0; i < 100'000; ++i)
        skips.add(i * 1'000'000, 512 * (1 + i % 100), SkipKind::free_space);
    CHECK(skips.ranges().size() <= 1000);
    CHECK(std::is_sorted(skips.ranges().begin(), skips.ranges().end(),
                         [](const Skip& a, const Skip& b) { return a.end() <= b.offset; }));
}
