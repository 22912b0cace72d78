// FAT against dosfstools and mtools: what they make we read, what we write they read and fsck.fat accepts.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/volume/open_filesystem.hpp"
#include "tests/support/run.hpp"
#include "tests/support/skip.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/volume/devices.hpp"

#include <set>

using namespace ntferry;
using namespace ntferry::volume;
using namespace ntferry::test;

namespace {

struct Kind {
    std::string size;
    std::string options;
    FileSystemKind kind;
    std::uint32_t cluster;
};

const std::vector<Kind> kinds{{"1440K", "-F 12", FileSystemKind::fat12, 512},
                              {"32M", "-F 16 -s 4", FileSystemKind::fat16, 2048},
                              {"600M", "-F 16 -s 128", FileSystemKind::fat16, 65536},
                              {"64M", "-F 32 -s 1", FileSystemKind::fat32, 512}};

/// A volume made by mkfs.fat.
struct Image {
    TempDir dir;
    std::string path = dir / "fat.img";
    explicit Image(const Kind& kind) {
        const RunResult made =
            run_shell("truncate -s " + kind.size + " " + path + " && mkfs.fat -n 'NT SYSTEM' -i 12345678 " +
                      kind.options + " " + path);
        if (made.exit_code != 0)
            throw Error("mkfs.fat", made.err);
    }
    std::shared_ptr<FileDevice> device() const { return std::make_shared<FileDevice>(path); }
    FileSystemPtr open(bool writable = false) const {
        FileSystemOptions options;
        options.writable = writable;
        return open_filesystem(device(), options);
    }
    void check() const {
        const RunResult fsck = run_shell("fsck.fat -n " + path);
        INFO(fsck.out << fsck.err);
        CHECK(fsck.exit_code == 0);
    }
    /// mtools with its own checks of odd disks off.
    RunResult mtools(const std::string& command) const {
        return run_shell("export MTOOLS_SKIP_CHECK=1; " + command);
    }
};

} // namespace

#define REQUIRE_TOOLS()                                                                                      \
    if (!have_program("mkfs.fat") || !have_program("mcopy"))                                                 \
    NTFERRY_SKIP("dosfstools or mtools are not installed")

TEST_CASE("fat: what mtools writes is read, long names and whatever case") {
    REQUIRE_TOOLS();
    for (const Kind& kind : kinds) {
        CAPTURE(kind.options);
        const Image image(kind);
        const Bytes content = pattern(200'000);
        save(image.dir / "content", content);
        REQUIRE(
            image
                .mtools(
                    "cd " + image.dir.path().string() +
                    " && mmd -i fat.img ::/WINNT '::/Program Files' && mcopy -i fat.img content ::/NTLDR && "
                    "mcopy -i fat.img content '::/Program Files/A rather long name.dll' && mattrib -i "
                    "fat.img +r +s +h ::/NTLDR")
                .exit_code == 0);
        const FileSystemPtr fs = image.open();
        const FileSystemInfo info = fs->info();
        CHECK(info.kind == kind.kind);
        CHECK(info.cluster_size == kind.cluster);
        CHECK(info.label == "NT SYSTEM");
        CHECK(info.serial == 0x12345678);
        CHECK_FALSE(info.dirty);
        CHECK(fs->read_file("\\ntldr") == content);
        CHECK(fs->lookup("NTLDR")->attributes ==
              (attribute_archive | attribute_read_only | attribute_system | attribute_hidden));
        const auto file = fs->lookup("/PROGRAM FILES/a RATHER long NAME.DLL");
        REQUIRE(file);
        CHECK(file->name == "A rather long name.dll");
        CHECK(fs->lookup("\\PROGRA~1\\" + file->short_name)->name == file->name);
        CHECK(fs->list("\\").size() == 3);
        CHECK(fs->list("\\Program Files").size() == 1);
        Bytes part(100);
        CHECK(fs->read_at("\\NTLDR", 70'000, part) == 100);
        CHECK(std::equal(part.begin(), part.end(), content.begin() + 70'000));
        CHECK(fs->read_at("\\NTLDR", 199'950, part) == 50);
    }
}

TEST_CASE("fat: what we write mtools reads, and fsck.fat finds nothing to mend") {
    REQUIRE_TOOLS();
    for (const Kind& kind : kinds) {
        CAPTURE(kind.options);
        const Image image(kind);
        const Bytes driver = pattern(150'000, 5);
        {
            const FileSystemPtr fs = image.open(true);
            fs->make_directory("\\WINNT");
            fs->make_directory("\\winnt\\system32");
            fs->make_directory("\\WINNT\\system32\\drivers");
            fs->write_file("\\WINNT\\system32\\drivers\\atapi.sys", driver);
            fs->write_file("\\Boot.ini", to_bytes("[boot loader]"));
            fs->write_file("\\Boot.ini", pattern(100'000));
            fs->write_file("\\boot.ini", to_bytes("[boot loader]\r\n"));
            fs->write_file("\\Ein langer N\u00e4me mit Umlaut.txt", to_bytes("x"));
            fs->write_file("\\EMPTY", {});
            fs->set_attributes("\\boot.ini", attribute_read_only | attribute_system);
            for (int i = 0; i < 40; ++i)
                fs->write_file("\\winnt\\a long name number " + std::to_string(i) + ".txt", to_bytes("y"));
            fs->sync();
        }
        image.check();
        CHECK(image.mtools("mtype -i " + image.path + " ::/boot.ini").out == "[boot loader]\r\n");
        CHECK(image.mtools("mtype -i " + image.path + " ::/winnt/system32/drivers/ATAPI.SYS").out ==
              to_text(driver));
        const RunResult listed = image.mtools("mdir -b -i " + image.path + " ::/WINNT");
        CHECK_THAT(listed.out, Catch::Contains("a long name number 39.txt"));
        const FileSystemPtr fs = image.open();
        const auto files = fs->list("\\WINNT");
        CHECK(files.size() == 41);
        std::set<std::string> names;
        for (const FileInfo& file : files)
            names.insert(file.short_name.empty() ? file.name : file.short_name);
        CHECK(names.size() == 41);
        CHECK(fs->lookup("\\Boot.ini")->attributes == (attribute_read_only | attribute_system));
        CHECK(fs->lookup("\\ein langer N\u00c4ME mit umlaut.TXT"));
    }
}

TEST_CASE("fat: rename and remove keep the volume whole") {
    REQUIRE_TOOLS();
    for (const Kind& kind : kinds) {
        CAPTURE(kind.options);
        const Image image(kind);
        {
            const FileSystemPtr fs = image.open(true);
            fs->make_directory("\\a");
            fs->make_directory("\\b");
            fs->make_directory("\\a\\Directory with a long name");
            fs->write_file("\\a\\Directory with a long name\\file.sys", to_bytes("1"));
            fs->write_file("\\b\\X", to_bytes("2"));
            CHECK_THROWS_WITH(fs->rename("\\a\\DIRECT~1\\file.sys", "\\b\\x"), Catch::Contains("exists"));
            CHECK_THROWS_WITH(fs->rename("\\a", "\\a\\DIRECT~1\\a"), Catch::Contains("into itself"));
            fs->rename("\\a\\direct~1", "\\b\\moved here");
            fs->rename("\\b\\moved here\\file.sys", "\\b\\moved here\\FILE.sys");
            CHECK_THROWS_WITH(fs->remove("\\b"), Catch::Contains("not empty"));
            fs->remove("\\b\\X");
            fs->remove("\\A");
        }
        image.check();
        const FileSystemPtr fs = image.open();
        CHECK(fs->list("\\").size() == 1);
        CHECK(fs->list("\\b").size() == 1);
        CHECK(fs->list("\\b\\moved here").at(0).name == "FILE.sys");
        CHECK(fs->read_file("\\b\\moved here\\file.sys") == to_bytes("1"));
    }
}

TEST_CASE("fat: both copies of the table stay equal, free space is what fsck counts") {
    REQUIRE_TOOLS();
    const Image image(kinds[1]);
    const auto device = image.device();
    FileSystemOptions options;
    options.writable = true;
    const FileSystemPtr fs = open_filesystem(device, options);
    fs->write_file("\\f", pattern(3'000'000));
    fs->write_file("\\g", pattern(1'000'000));
    fs->write_file("\\f", pattern(1'000));
    Bytes boot(512);
    device->read(0, boot);
    const std::size_t size = load_le<std::uint16_t>(boot, 0x16) * 512U;
    Bytes first(size);
    Bytes second(size);
    device->read(load_le<std::uint16_t>(boot, 0x0E) * 512U, first);
    device->read(load_le<std::uint16_t>(boot, 0x0E) * 512U + size, second);
    CHECK(first == second);
    const FileSystemInfo info = fs->info();
    CHECK(info.total_bytes - info.free_bytes == (489U + 1U) * 2048U);
    std::uint64_t used = 0;
    fs->used_ranges([&](std::uint64_t, std::uint64_t length) { used += length; });
    Bytes read(1'000'000);
    for (const FileExtent& extent : fs->file_extents("\\g")) {
        device->read(extent.volume_offset, MutableByteView(read).subspan(extent.file_offset, extent.length));
        CHECK(fs->owner_of(extent.volume_offset) == "\\g");
    }
    CHECK(read == pattern(1'000'000));
    CHECK_FALSE(fs->owner_of(0));
    CHECK(used > 490U * 2048U);
    fs->write_at("\\g", 999'990, to_bytes("0123456789"));
    CHECK(to_text(fs->read_file("\\g")).substr(999'990) == "0123456789");
    CHECK_THROWS_AS(fs->write_at("\\g", 999'991, to_bytes("0123456789")), Error);
}

TEST_CASE("fat: a full volume and a full root directory are told, and nothing is lost") {
    REQUIRE_TOOLS();
    const Image image(kinds[0]);
    {
        const FileSystemPtr fs = image.open(true);
        fs->write_file("\\keep", to_bytes("k"));
        CHECK_THROWS_WITH(fs->write_file("\\big", pattern(2'000'000)), Catch::Contains("full"));
        int made = 0;
        try {
            for (; made < 1000; ++made)
                fs->write_file("\\F" + std::to_string(made), {});
        } catch (const Error& error) {
            CHECK_THAT(error.what(), Catch::Contains("root directory is full"));
        }
        CHECK(made == 221); // 224 entries; the label has one, "keep" two (lower case needs a long name)
        const std::uint64_t free = fs->info().free_bytes;
        CHECK_THROWS_AS(fs->write_file("\\ONE.MORE", pattern(5000)), Error);
        fs->sync();
        CHECK(fs->info().free_bytes == free);
    }
    image.check();
    CHECK(image.open()->read_file("\\keep") == to_bytes("k"));
}

TEST_CASE("fat: NT's dirty mark stops writing until it is allowed") {
    REQUIRE_TOOLS();
    const Image image(kinds[1]);
    {
        const auto device = image.device();
        device->write(0x25, Bytes{1});
    }
    CHECK(image.open()->info().dirty);
    try {
        image.open(true);
        FAIL("opened");
    } catch (const Error& error) {
        CHECK(error.kind() == ErrorKind::decision);
    }
}

TEST_CASE("fat: chains that loop or leave the volume are errors, not hangs") {
    REQUIRE_TOOLS();
    const Image image(kinds[1]);
    image.open(true)->write_file("\\DIR.BIN", pattern(100'000));
    const auto device = image.device();
    Bytes boot(512);
    device->read(0, boot);
    const std::uint64_t fat = load_le<std::uint16_t>(boot, 0x0E) * 512U;
    Bytes entry(2);
    SECTION("loop") {
        store_le<std::uint16_t>(entry, 0, 2);
    }
    SECTION("outside") {
        store_le<std::uint16_t>(entry, 0, 0xFF00);
    }
    SECTION("free") {
        store_le<std::uint16_t>(entry, 0, 0);
    }
    device->write(fat + 3 * 2, entry);
    const FileSystemPtr fs = open_filesystem(device);
    if (entry[0] == 2) // a loop inside the needed length reads wrong bytes, as under NT; it ends
        CHECK(fs->read_file("\\DIR.BIN").size() == 100'000);
    else
        CHECK_THROWS_AS(fs->read_file("\\DIR.BIN"), Error);
    fs->owner_of(10'000'000);
}
