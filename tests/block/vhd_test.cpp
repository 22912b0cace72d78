// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/block/cached_reads.hpp"
#include "converter/block/vhd/vhd.hpp"

#include "tests/support/run.hpp"
#include "tests/support/skip.hpp"
#include "tests/support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <random>

using namespace ntferry;
using namespace ntferry::block;
using Catch::Matchers::Contains;
using test::TempDir;

namespace {

Bytes pattern(std::size_t size, unsigned seed) {
    std::mt19937 random(seed);
    Bytes bytes(size);
    for (auto& byte : bytes)
        byte = static_cast<std::uint8_t>(random());
    return bytes;
}

Bytes read_all(BlockDevice& disk) {
    Bytes bytes(disk.size());
    disk.read(0, bytes);
    return bytes;
}

/// Random writes into a disk and into a model of it.
void scribble(BlockDevice& disk, Bytes& model, unsigned seed, int writes) {
    std::mt19937 random(seed);
    for (int i = 0; i < writes; ++i) {
        const std::size_t length = 1 + random() % 200'000;
        const std::size_t at = random() % (model.size() - length);
        const Bytes data = pattern(length, static_cast<unsigned>(random()));
        disk.write(at, data);
        std::copy(data.begin(), data.end(), model.begin() + static_cast<std::ptrdiff_t>(at));
    }
}

std::string unpack_sample(const TempDir& dir, const std::string& name) {
    const std::string data = test::sample_data_dir();
    if (data.empty() || !std::filesystem::exists(data + "/vhd/" + name + ".bz2"))
        return {};
    const std::string path = dir / name;
    REQUIRE(test::run_shell("bzcat " + data + "/vhd/" + name + ".bz2 > " + path).exit_code == 0);
    return path;
}

constexpr std::uint64_t small_disk = 17U << 20U;

} // namespace

TEST_CASE("a disk size is rounded to a CHS product that qemu-img makes too") {
    // qemu-img create -f vpc rounds 2 GiB to 2147991552 (4162/16/63).
    CHECK(vhd::round_to_geometry(2147483648) == 2147991552);
    CHECK(vhd::geometry_for(2147991552 / 512) == vhd::Geometry{4162, 16, 63});
    CHECK(vhd::round_to_geometry(2147991552) == 2147991552);
    for (std::uint64_t size = 1; size < 140'000'000'000; size = size * 5 / 3 + 511) {
        const std::uint64_t rounded = vhd::round_to_geometry(size);
        CHECK(rounded >= size);
        CHECK(vhd::round_to_geometry(rounded) == rounded);
    }
}

TEST_CASE("every kind of VHD reads back what was written, after a reopen too") {
    const TempDir dir;
    const std::string path = dir / "disk.vhd";
    const std::string base = dir / "base.vhd";
    const std::string kind = GENERATE("fixed", "dynamic", "differencing", "small blocks");
    Bytes model;
    {
        vhd::ImagePtr disk;
        if (kind == "fixed") {
            disk = vhd::create_fixed(path, small_disk);
        } else if (kind == "differencing") {
            auto parent = vhd::create_dynamic(base, small_disk);
            model = Bytes(parent->size());
            scribble(*parent, model, 1, 20);
            parent.reset();
            disk = vhd::create_differencing(path, base);
        } else {
            vhd::CreateOptions options;
            options.block_size = kind == "dynamic" ? vhd::default_block_size : 65536;
            disk = vhd::create_dynamic(path, small_disk, options);
        }
        model.resize(disk->size());
        CHECK((read_all(*disk) == model));
        scribble(*disk, model, 2, 60);
        CHECK((read_all(*disk) == model));
        disk->flush();
    }
    auto disk = open_disk(path, {.access = Access::read_write});
    CHECK((read_all(*disk) == model));
    scribble(*disk, model, 3, 60);
    CHECK((read_all(*disk) == model));
    // What is said to be in memory is the same.
    auto* cached = dynamic_cast<CachedReads*>(disk.get());
    REQUIRE(cached != nullptr);
    std::mt19937 random(4);
    unsigned answered = 0;
    for (int i = 0; i < 200; ++i) {
        const std::size_t length = 1 + random() % 100'000;
        const std::size_t at = random() % (model.size() - length);
        Bytes got(length);
        if (cached->read_cached(at, got)) {
            ++answered;
            REQUIRE(std::equal(got.begin(), got.end(), model.begin() + static_cast<std::ptrdiff_t>(at)));
        }
    }
    Bytes beyond(512);
    CHECK_THROWS_AS(cached->read_cached(disk->size(), beyond), Error);
    if (answered == 0)
        NTFERRY_SKIP("this file system does not tell what is in memory");
}

TEST_CASE("qemu-img reads our fixed and dynamic images byte for byte") {
    if (!test::have_program("qemu-img"))
        NTFERRY_SKIP("qemu-img is not installed");
    const TempDir dir;
    const bool fixed = GENERATE(true, false);
    Bytes model;
    {
        auto disk = fixed ? vhd::create_fixed(dir / "a.vhd", small_disk)
                          : vhd::create_dynamic(dir / "a.vhd", small_disk);
        model.resize(disk->size());
        scribble(*disk, model, 7, 30);
    }
    REQUIRE(test::run_shell("qemu-img convert -f vpc -O raw " + (dir / "a.vhd") + " " + (dir / "a.raw"))
                .exit_code == 0);
    auto raw = open_disk(dir / "a.raw");
    REQUIRE(raw->size() == model.size());
    CHECK((read_all(*raw) == model));
}

TEST_CASE("we read qemu-img's images byte for byte") {
    if (!test::have_program("qemu-img"))
        NTFERRY_SKIP("qemu-img is not installed");
    const TempDir dir;
    const std::string option =
        GENERATE("subformat=dynamic", "subformat=fixed", "subformat=dynamic,force_size=on");
    Bytes model(small_disk);
    {
        auto raw = open_disk((std::ofstream(dir / "a.raw").close(),
                              std::filesystem::resize_file(dir / "a.raw", small_disk), dir / "a.raw"),
                             {.access = Access::read_write});
        scribble(*raw, model, 9, 10);
    }
    REQUIRE(test::run_shell("qemu-img convert -f raw -O vpc -o " + option + " " + (dir / "a.raw") + " " +
                            (dir / "a.vhd"))
                .exit_code == 0);
    auto disk = open_disk(dir / "a.vhd");
    REQUIRE(disk->size() >= model.size());
    model.resize(disk->size());
    CHECK((read_all(*disk) == model));
}

TEST_CASE("a chain is found again after its folder was moved, by the relative locator") {
    const TempDir dir;
    std::filesystem::create_directories(dir / "a/disks");
    { vhd::create_dynamic(dir / "a/disks/base.vhd", small_disk)->write(1000, pattern(5000, 1)); }
    {
        vhd::create_differencing(dir / "a/disks/child.vhd", dir / "a/disks/base.vhd")
            ->write(3000, pattern(100, 2));
    }
    std::filesystem::rename(dir / "a", dir / "b");
    auto disk = open_disk(dir / "b/disks/child.vhd");
    Bytes model(disk->size());
    const Bytes one = pattern(5000, 1);
    const Bytes two = pattern(100, 2);
    std::copy(one.begin(), one.end(), model.begin() + 1000);
    std::copy(two.begin(), two.end(), model.begin() + 3000);
    CHECK((read_all(*disk) == model));
}

TEST_CASE("a differencing disk without its parent is refused by name") {
    const TempDir dir;
    vhd::create_dynamic(dir / "base.vhd", small_disk);
    vhd::create_differencing(dir / "child.vhd", dir / "base.vhd");
    std::filesystem::remove(dir / "base.vhd");
    CHECK_THROWS_WITH(open_disk(dir / "child.vhd"), Contains("'base.vhd' is missing"));
    vhd::create_dynamic(dir / "base.vhd", small_disk);
    CHECK_THROWS_WITH(open_disk(dir / "child.vhd"), Contains("not the parent it was made on"));
}

TEST_CASE("a differencing disk whose parent was written to is refused") {
    const TempDir dir;
    vhd::create_dynamic(dir / "base.vhd", small_disk);
    vhd::create_differencing(dir / "child.vhd", dir / "base.vhd");
    { open_disk(dir / "base.vhd", {.access = Access::read_write})->write(0, pattern(512, 1)); }
    CHECK_THROWS_WITH(open_disk(dir / "child.vhd"), Contains("was written to after"));
    vhd::rebase(dir / "child.vhd", dir / "base.vhd");
    CHECK_NOTHROW(open_disk(dir / "child.vhd"));
}

TEST_CASE("a committed child is in its parent, and the other children are refused") {
    const TempDir dir;
    Bytes model;
    {
        auto base = vhd::create_dynamic(dir / "base.vhd", small_disk);
        model.resize(base->size());
        scribble(*base, model, 1, 10);
    }
    vhd::create_differencing(dir / "other.vhd", dir / "base.vhd");
    {
        auto child = vhd::create_differencing(dir / "child.vhd", dir / "base.vhd");
        scribble(*child, model, 2, 30);
    }
    SilentProgress progress;
    vhd::commit(dir / "child.vhd", progress);
    CHECK((read_all(*open_disk(dir / "base.vhd")) == model));
    CHECK((read_all(*open_disk(dir / "child.vhd")) == model));
    CHECK_THROWS_WITH(open_disk(dir / "other.vhd"), Contains("was written to after"));
}

TEST_CASE("Virtual PC, Hyper-V and Disk2vhd images open with the size their users saw") {
    const TempDir dir;
    const auto [name, size] = GENERATE(table<std::string, std::uint64_t>({
        {"virtualpc-dynamic.vhd", 136363130880},
        {"hyperv2012r2-dynamic.vhd", 136365211648},
        {"d2v-zerofilled.vhd", 263454720},
    }));
    const std::string path = unpack_sample(dir, name);
    if (path.empty())
        NTFERRY_SKIP("no sample data");
    auto disk = open_disk(path);
    CHECK(disk->size() == size);
    Bytes bytes(1U << 20U);
    disk->read(size - bytes.size(), bytes);
    CHECK(all_zero(bytes));
}

TEST_CASE("two writers of one image are refused") {
    const TempDir dir;
    auto first = vhd::create_dynamic(dir / "a.vhd", small_disk);
    CHECK_THROWS_WITH(open_disk(dir / "a.vhd", {.access = Access::read_write}),
                      Contains("being written by another process"));
}
