// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/block/busy.hpp"

#include "converter/block/open.hpp"
#include "tests/support/run.hpp"
#include "tests/support/skip.hpp"
#include "tests/support/temp_dir.hpp"

#include <catch2/catch.hpp>

using namespace ntferry;
using Catch::Matchers::Contains;
using test::run_shell;

TEST_CASE("a mounted disk is refused with the place where it is mounted, a free one is read") {
    const test::TempDir dir;
    const std::string image = dir / "disk.img";
    const std::string mount = dir / "mount point";
    const auto loop = run_shell("truncate -s 8M " + image + " && mkfs.ext4 -q " + image + " && mkdir '" +
                                mount + "' && losetup --show -f " + image);
    if (loop.exit_code != 0)
        NTFERRY_SKIP("loop devices cannot be made here");
    const std::string device = loop.out.substr(0, loop.out.find('\n'));
    const bool mounted = run_shell("mount " + device + " '" + mount + "'").exit_code == 0;
    if (mounted) {
        CHECK(block::why_busy(device) == "is mounted on " + mount);
        CHECK_THAT(block::why_busy(image).value_or(""), Contains("is mounted on " + mount));
        CHECK_THROWS_WITH(block::open_disk(device), Contains("is mounted on") && Contains("unmount it"));
        CHECK_NOTHROW(block::open_disk(device, {.allow_busy = true}));
        CHECK_THROWS_WITH(block::open_disk(image), Contains("is mounted on") && Contains("unmount it"));
        run_shell("umount '" + mount + "'");
    }
    CHECK_FALSE(block::why_busy(device).has_value());
    CHECK(block::open_disk(device)->size() == 8U << 20U);
    run_shell("losetup -d " + device);
    if (!mounted)
        NTFERRY_SKIP("a loop device cannot be mounted here");
}

TEST_CASE("a disk of which a partition is mounted by its offset is refused") {
    const test::TempDir dir;
    const std::string image = dir / "disk.img";
    const std::string mount = dir / "partition";
    const auto loop = run_shell("truncate -s 8M " + image + " && mkfs.ext4 -q -E offset=32256 " + image +
                                " 7M && mkdir " + mount + " && losetup --show -f " + image);
    if (loop.exit_code != 0)
        NTFERRY_SKIP("loop devices cannot be made here");
    const std::string device = loop.out.substr(0, loop.out.find('\n'));
    const bool mounted = run_shell("mount -o ro,offset=32256 " + device + " " + mount).exit_code == 0;
    if (mounted) {
        CHECK_THROWS_WITH(block::open_disk(device), Contains("is mounted on " + mount));
        CHECK_THROWS_WITH(block::open_disk(image), Contains("is mounted on " + mount));
        run_shell("umount " + mount);
    }
    run_shell("losetup -d " + device);
    if (!mounted)
        NTFERRY_SKIP("a loop device cannot be mounted here");
}
