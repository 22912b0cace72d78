// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/block/vhd/checker.hpp"

#include "converter/block/vhd/vhd.hpp"
#include "tests/support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <functional>

using namespace ntferry;
using namespace ntferry::block;
using Catch::Matchers::Contains;
using test::TempDir;

namespace {

constexpr std::uint64_t bat_offset = 1536;

/// A dynamic image with three blocks of 64 KiB in use.
std::string make_image(const TempDir& dir) {
    vhd::CreateOptions options;
    options.block_size = 65536;
    auto disk = vhd::create_dynamic(dir / "a.vhd", 1U << 20U, options);
    for (const std::uint64_t block : {0U, 3U, 5U})
        disk->write(block * 65536, Bytes(5000, 0x5A));
    return dir / "a.vhd";
}

void patch(const std::string& path, const std::function<void(PosixFile&)>& change) {
    PosixFile file(path, Access::read_write);
    change(file);
}

void change_header(PosixFile& file, const std::function<void(vhd::DynamicHeader&)>& change) {
    Bytes bytes(vhd::dynamic_header_size);
    file.read(512, bytes);
    vhd::DynamicHeader header = vhd::DynamicHeader::parse(bytes).value();
    change(header);
    file.write(512, header.serialize());
}

void set_entry(PosixFile& file, std::uint32_t block, std::uint32_t sector) {
    Bytes entry(4);
    store_be<std::uint32_t>(entry, 0, sector);
    file.write(bat_offset + block * 4, entry);
}

std::string defects(const std::string& path) {
    std::string all;
    for (const vhd::Defect& defect : vhd::check(PosixFile(path, Access::read_only)).defects)
        all += std::to_string(defect.offset) + ": " + defect.what + "\n";
    return all;
}

} // namespace

TEST_CASE("a good image has no defects") {
    const TempDir dir;
    CHECK(defects(make_image(dir)).empty());
}

TEST_CASE("two entries for one block are named, and the image is not opened for writing") {
    const TempDir dir;
    const std::string path = make_image(dir);
    patch(path, [](PosixFile& file) {
        Bytes entry(4);
        file.read(bat_offset, entry);
        file.write(bat_offset + 4, entry);
    });
    CHECK_THAT(defects(path), Contains("overlaps block"));
    CHECK_THROWS_WITH(open_disk(path, {.access = Access::read_write}), Contains("overlaps"));
    CHECK_NOTHROW(open_disk(path));
}

TEST_CASE("an entry outside the file is named with its block, and only its block cannot be read") {
    const TempDir dir;
    const std::string path = make_image(dir);
    patch(path, [](PosixFile& file) { set_entry(file, 3, 0x70000000); });
    CHECK_THAT(defects(path), Contains("block 3") && Contains("do not lie inside the file"));
    auto disk = open_disk(path);
    Bytes bytes(512);
    disk->read(0, bytes);
    CHECK(bytes[0] == 0x5A);
    CHECK_THROWS_WITH(disk->read(3 * 65536, bytes), Contains("block 3") && Contains("outside the file"));
}

TEST_CASE("a table that claims more entries than the file holds is refused at once") {
    const TempDir dir;
    const std::string path = make_image(dir);
    patch(path, [](PosixFile& file) {
        change_header(file,
                      [](vhd::DynamicHeader& header) { header.table_offset = std::uint64_t{1} << 60U; });
    });
    CHECK_THAT(defects(path), Contains("block allocation table"));
    CHECK_THROWS_WITH(open_disk(path), Contains("lies outside the file"));
    patch(path, [](PosixFile& file) {
        change_header(file, [](vhd::DynamicHeader& header) { header.block_size = 12345; });
    });
    CHECK_THROWS_WITH(open_disk(path), Contains("block size of 12345 bytes is not valid"));
}

TEST_CASE("a lost footer is mended from its copy, and the copy from the footer") {
    const TempDir dir;
    const std::string path = make_image(dir);
    const auto size = std::filesystem::file_size(path);
    std::filesystem::resize_file(path, size - 512);
    CHECK_THAT(defects(path), Contains("footer: missing"));
    CHECK_NOTHROW(open_disk(path));
    patch(path, [](PosixFile& file) { CHECK(vhd::repair(file).size() == 1); });
    CHECK(defects(path).empty());
    patch(path, [](PosixFile& file) { file.write(100, Bytes(8, 1)); });
    CHECK_THAT(defects(path), Contains("footer copy: wrong checksum"));
    patch(path, [](PosixFile& file) { vhd::repair(file); });
    CHECK(defects(path).empty());
    patch(path, [size](PosixFile& file) {
        file.write(100, Bytes(8, 1));
        file.write(size - 512, Bytes(512, 1));
    });
    CHECK_THROWS_WITH(open_disk(path), Contains("footer is damaged"));
}

TEST_CASE("a chain that is a cycle is refused") {
    const TempDir dir;
    vhd::create_dynamic(dir / "base.vhd", 1U << 20U);
    vhd::create_differencing(dir / "child.vhd", dir / "base.vhd");
    patch(dir / "child.vhd", [](PosixFile& file) {
        const vhd::Footer own = vhd::read_layout(file).footer;
        change_header(file, [&](vhd::DynamicHeader& header) {
            header.parent_id = own.id;
            header.parent_timestamp = own.timestamp;
        });
    });
    std::filesystem::copy_file(dir / "child.vhd", dir / "base.vhd",
                               std::filesystem::copy_options::overwrite_existing);
    CHECK_THROWS_WITH(open_disk(dir / "child.vhd"), Contains("cycle"));
}
