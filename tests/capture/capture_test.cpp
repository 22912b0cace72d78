// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/capture/capture.hpp"

#include "converter/block/open.hpp"
#include "converter/block/vhd/checker.hpp"
#include "converter/capture/verify.hpp"
#include "tests/capture/support.hpp"
#include "tests/support/run.hpp"
#include "tests/support/skip.hpp"
#include "tests/support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>

using namespace ntferry;
using namespace ntferry::capture;
using block::RescueMap;
using block::RescueStatus;
using Catch::Matchers::Contains;
using test::FailingDisk;
using test::TempDir;

namespace {

constexpr std::size_t disk_size = 20U << 20U;

CaptureOptions raw_capture(CaptureMode mode = CaptureMode::fresh) {
    CaptureOptions options;
    options.raw = true;
    options.mode = mode;
    return options;
}

/// Noise with a hole of zeros in it.
Bytes content() {
    Bytes bytes = test::noise(disk_size, 11);
    std::fill(bytes.begin() + (6U << 20U), bytes.begin() + (11U << 20U), std::uint8_t{0});
    return bytes;
}

bool same(const std::string& image, const Bytes& expected) {
    return test::image_content(image, expected.size()) == expected;
}

bool proved(const std::string& image) {
    SilentProgress progress;
    return verify_disk(*block::open_disk(image), Manifest::load(manifest_path_for(image)), SkipList(),
                       progress, {})
        .empty();
}

} // namespace

TEST_CASE("a raw capture holds every byte, is proved by its manifest and stores no zeros") {
    const TempDir dir;
    FailingDisk source(content());
    SilentProgress progress;
    const CaptureResult result = capture::capture(source, dir / "a.vhd", raw_capture(), progress);
    CHECK(result.complete());
    CHECK(result.written_bytes == disk_size - (5U << 20U));
    CHECK(same(dir / "a.vhd", source.content));
    CHECK(proved(dir / "a.vhd"));
    CHECK(block::vhd::check(block::PosixFile(dir / "a.vhd", block::Access::read_only)).usable());
    const Manifest manifest = Manifest::load(result.manifest_path);
    CHECK(manifest.chunks.size() == 5);
    CHECK(manifest.chunks[0] == sha256(ByteView(source.content).first(4U << 20U)));
    CHECK(manifest.chunks[2] == sha256(ByteView(source.content).subspan(8U << 20U, 4U << 20U)));
}

TEST_CASE("only used clusters are read and stored, the rest is zeros") {
    const std::string kind = GENERATE("ntfs", "fat16");
    const TempDir dir;
    const std::string disk = test::make_volume_disk(dir.path().string(), kind);
    if (disk.empty())
        NTFERRY_SKIP("mkntfs, mkfs.fat, mtools or sfdisk is missing");
    FailingDisk source(test::read_all(*block::open_disk(disk)));
    const UsedMap map = build_used_map(source);
    Bytes expected = source.content;
    for (const Skip& skip : map.skips.ranges()) {
        std::fill_n(source.content.begin() + static_cast<std::ptrdiff_t>(skip.offset), skip.length,
                    std::uint8_t{0x5A});
        std::fill_n(expected.begin() + static_cast<std::ptrdiff_t>(skip.offset), skip.length,
                    std::uint8_t{0});
    }
    SilentProgress progress;
    const CaptureResult result = capture::capture(source, dir / "a.vhd", {}, progress);
    CHECK(same(dir / "a.vhd", expected));
    CHECK(proved(dir / "a.vhd"));
    CHECK(result.read_bytes < source.size() / 4);
    CHECK(verify_disk(source, Manifest::load(result.manifest_path), map.skips, progress, {}).empty());
}

TEST_CASE("a failing disk gives everything but its bad sectors, and a map that ddrescuelog reads") {
    const TempDir dir;
    FailingDisk source(content());
    source.bad = {5, 6, 700, 20000, 20001, 20002, 30000, 40959};
    SilentProgress progress;
    const CaptureResult result = capture::capture(source, dir / "a.vhd", raw_capture(), progress);
    Bytes expected = source.content;
    for (const std::uint64_t sector : source.bad)
        std::fill_n(expected.begin() + static_cast<std::ptrdiff_t>(sector * 512), 512, std::uint8_t{0});
    CHECK(same(dir / "a.vhd", expected));
    CHECK(proved(dir / "a.vhd"));
    const RescueMap map = RescueMap::load(dir / "a.vhd.map");
    CHECK(map.bytes(RescueStatus::bad_sector) == source.bad.size() * 512);
    CHECK(map.bytes(RescueStatus::finished) == disk_size - source.bad.size() * 512);
    std::uint64_t lost = 0;
    for (const Loss& loss : result.losses)
        lost += loss.length;
    CHECK(lost == source.bad.size() * 512);
    if (!test::have_program("ddrescuelog"))
        NTFERRY_SKIP("gddrescue is not installed");
    const auto log = test::run_shell("ddrescuelog --list-blocks=- --block-size=512 " + (dir / "a.vhd.map"));
    CHECK(log.out == "5\n6\n700\n20000\n20001\n20002\n30000\n40959\n");
}

TEST_CASE("sectors that come back are filled in by --resume, the rest is not read again") {
    const TempDir dir;
    FailingDisk source(content());
    source.bad = {5, 30000};
    SilentProgress progress;
    CHECK_FALSE(capture::capture(source, dir / "a.vhd", raw_capture(), progress).complete());
    source.bad.clear();
    source.bytes_read = 0;
    CHECK(capture::capture(source, dir / "a.vhd", raw_capture(CaptureMode::resume), progress).complete());
    CHECK(source.bytes_read < 4096);
    CHECK(same(dir / "a.vhd", source.content));
    CHECK(proved(dir / "a.vhd"));
}

TEST_CASE("a capture that is stopped at any moment is finished by --resume") {
    const TempDir dir;
    FailingDisk source(content());
    source.bad = {5, 30000, 30001, 30002};
    Bytes expected = source.content;
    for (const std::uint64_t sector : source.bad)
        std::fill_n(expected.begin() + static_cast<std::ptrdiff_t>(sector * 512), 512, std::uint8_t{0});
    unsigned total = 0;
    {
        test::StoppingProgress counting([] {}, 0);
        capture::capture(source, dir / "count.vhd", raw_capture(), counting);
        total = counting.calls();
    }
    unsigned interrupted = 0;
    for (unsigned at = 1; at <= total; at += 1 + total / 40) {
        const std::string image = dir / ("at" + std::to_string(at) + ".vhd");
        std::stop_source stop;
        test::StoppingProgress progress([&] { stop.request_stop(); }, at);
        bool complete = true;
        try {
            capture::capture(source, image, raw_capture(), progress, stop.get_token());
        } catch (const Interrupted& error) {
            complete = false;
            ++interrupted;
            CHECK_THAT(error.what(), Contains("--resume"));
        }
        if (!complete) {
            CHECK(block::vhd::check(block::PosixFile(image, block::Access::read_only)).usable());
            SilentProgress quiet;
            capture::capture(source, image, raw_capture(CaptureMode::resume), quiet);
        }
        CHECK(same(image, expected));
        CHECK(proved(image));
        std::filesystem::remove(image);
    }
    CHECK(interrupted > 10);
}

TEST_CASE("a second pass writes only the chunks that changed") {
    const TempDir dir;
    FailingDisk source(content());
    SilentProgress progress;
    capture::capture(source, dir / "a.vhd", raw_capture(), progress);
    source.content[17U << 20U] ^= 1U;                                              // changed
    std::fill_n(source.content.begin() + (1U << 20U), 1U << 20U, std::uint8_t{0}); // emptied
    std::fill_n(source.content.begin() + (9U << 20U), 4096, std::uint8_t{7});      // filled
    const CaptureResult result =
        capture::capture(source, dir / "a.vhd", raw_capture(CaptureMode::update), progress);
    CHECK(result.changed_chunks == 3);
    CHECK(same(dir / "a.vhd", source.content));
    CHECK(proved(dir / "a.vhd"));
}

TEST_CASE("a source that shrinks or leaves ends the capture with a word about --resume, which then works") {
    const TempDir dir;
    FailingDisk source(content());
    const bool shrinks = GENERATE(true, false);
    (shrinks ? source.ends_at : source.gone_after) = shrinks ? 13U << 20U : 3;
    SilentProgress progress;
    try {
        capture::capture(source, dir / "a.vhd", raw_capture(), progress);
        FAIL("it ended well");
    } catch (const Error& error) {
        CHECK_FALSE(error.remedy().empty());
        CHECK(std::string(error.what()).find('\n') == std::string::npos);
    }
    source.ends_at = source.gone_after = ~0ULL;
    CHECK(capture::capture(source, dir / "a.vhd", raw_capture(CaptureMode::resume), progress).complete());
    CHECK(same(dir / "a.vhd", source.content));
}

TEST_CASE("an image that is there is not overwritten, and another disk does not resume it") {
    const TempDir dir;
    FailingDisk source(content());
    SilentProgress progress;
    capture::capture(source, dir / "a.vhd", raw_capture(), progress);
    CHECK_THROWS_WITH(capture::capture(source, dir / "a.vhd", raw_capture(), progress),
                      Contains("is there already"));
    FailingDisk other(test::noise(disk_size, 12));
    CHECK_THROWS_WITH(capture::capture(other, dir / "a.vhd", raw_capture(CaptureMode::resume), progress),
                      Contains("sector 0 differs"));
    CaptureOptions used;
    used.mode = CaptureMode::resume;
    CHECK_THROWS_WITH(capture::capture(source, dir / "a.vhd", used, progress), Contains("mode 'raw'"));
}

TEST_CASE("a map of ddrescue is taken over") {
    const TempDir dir;
    FailingDisk source(content());
    SilentProgress progress;
    capture::capture(source, dir / "a.vhd", raw_capture(), progress);
    std::ofstream(dir / "a.vhd.map") << "# Mapfile. Created by GNU ddrescue version 1.27\n"
                                        "0x00000000     ?               1\n"
                                        "0x00000000  0x00800000  +\n0x00800000  0x00C00000  ?\n";
    source.bytes_read = 0;
    CHECK(capture::capture(source, dir / "a.vhd", raw_capture(CaptureMode::resume), progress).complete());
    CHECK(source.bytes_read <= (12U << 20U) + 1024);
    CHECK(same(dir / "a.vhd", source.content));
}
