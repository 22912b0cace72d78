// NTFS against ntfs-3g's own tools: what they make we read, what we write they read and check.
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

/// A volume made by mkntfs.
struct Image {
    TempDir dir;
    std::string path = dir / "ntfs.img";
    explicit Image(const std::string& size = "32M", const std::string& options = "") {
        const RunResult made =
            run_shell("truncate -s " + size + " " + path +
                      " && mkntfs -q -F -Q -s 512 -p 63 -H 240 -S 63 -L 'Server 1' " + options + " " + path);
        if (made.exit_code != 0)
            throw Error("mkntfs", made.err);
    }
    std::shared_ptr<FileDevice> device() const { return std::make_shared<FileDevice>(path); }
    FileSystemPtr open(bool writable = false) const {
        FileSystemOptions options;
        options.writable = writable;
        return open_filesystem(device(), options);
    }
    /// ntfsfix -n and a full scan by ntfsinfo find nothing to say.
    bool healthy() const {
        const RunResult result = run_shell("ntfsfix -n " + path + " && ntfsinfo -m -f " + path);
        INFO(result.out << result.err);
        CHECK(result.exit_code == 0);
        return result.exit_code == 0;
    }
    std::string cat(const std::string& file) const {
        return run_shell("ntfscat -f " + path + " '" + file + "'").out;
    }
};

} // namespace

#define REQUIRE_TOOLS()                                                                                      \
    if (!have_program("mkntfs") || !have_program("ntfscat"))                                                 \
    NTFERRY_SKIP("ntfs-3g's tools are not installed")

TEST_CASE("ntfs: the volume's facts are those that mkntfs gave it") {
    REQUIRE_TOOLS();
    const Image image("32M", "-c 1024");
    const FileSystemPtr fs = image.open();
    const FileSystemInfo info = fs->info();
    CHECK(info.kind == FileSystemKind::ntfs);
    CHECK(info.label == "Server 1");
    CHECK(info.cluster_size == 1024);
    CHECK(info.version_major == 3);
    CHECK(info.version_minor == 1);
    CHECK_FALSE(info.dirty);
    CHECK_FALSE(info.log_unclean);
    CHECK(info.total_bytes == 32U * 1024 * 1024 - 1024);
    const RunResult tool =
        run_shell("ntfsinfo -m -f " + image.path + " | sed -n 's/.*Free Clusters: \\([0-9]*\\).*/\\1/p'");
    CHECK(info.free_bytes == std::stoull(tool.out) * 1024);
}

TEST_CASE("ntfs: reads what ntfscp wrote, whatever the case of the path") {
    REQUIRE_TOOLS();
    const Image image;
    const Bytes content = pattern(300'000);
    save(image.dir / "content", content);
    REQUIRE(run_shell("ntfscp -f " + image.path + " " + (image.dir / "content") + " /NTLDR").exit_code == 0);
    const FileSystemPtr fs = image.open();
    CHECK(fs->read_file("\\ntldr") == content);
    CHECK(fs->read_file("/Ntldr") == content);
    const auto file = fs->lookup("ntldr");
    REQUIRE(file);
    CHECK(file->name == "NTLDR");
    CHECK(file->size == content.size());
    CHECK_FALSE(fs->lookup("\\boot.ini"));
    CHECK_FALSE(fs->lookup("\\NTLDR\\x"));
    Bytes part(100);
    CHECK(fs->read_at("ntldr", content.size() - 40, part) == 40);
    CHECK(std::equal(part.begin(), part.begin() + 40, content.end() - 40));
    CHECK_THROWS_AS(fs->read_file("ntldr", 1000), Error);
    CHECK_THROWS_WITH(fs->read_file("\\none"), Catch::Contains("no such file"));
}

TEST_CASE("ntfs: opening read-only writes nothing") {
    REQUIRE_TOOLS();
    const Image image;
    const auto device = image.device();
    {
        const FileSystemPtr fs = open_filesystem(device);
        fs->list("\\");
        fs->info();
        CHECK_THROWS_WITH(fs->write_file("\\x", to_bytes("y")), Catch::Contains("read-only"));
    }
    CHECK(device->writes == 0);
}

TEST_CASE("ntfs: files and directories that we make are read by ntfscat and found by ntfsls") {
    REQUIRE_TOOLS();
    const Image image;
    const Bytes driver = pattern(150'000, 7);
    {
        const FileSystemPtr fs = image.open(true);
        fs->make_directory("\\WINNT");
        fs->make_directory("\\WINNT\\system32");
        fs->make_directory("\\WINNT\\system32\\drivers");
        fs->write_file("\\winnt\\SYSTEM32\\drivers\\atapi.sys", driver);
        fs->write_file("\\boot.ini", to_bytes("[boot loader]\r\ntimeout=30\r\n"));
        fs->write_file("\\boot.ini", to_bytes("[boot loader]\r\n"));
        fs->write_file("\\Program notes.text", to_bytes("long"));
        fs->write_file("\\Program notes.txt", to_bytes("long too"));
        fs->set_attributes("\\boot.ini", attribute_system | attribute_hidden | attribute_read_only);
        fs->sync();
    }
    CHECK(image.healthy());
    CHECK(image.cat("/boot.ini") == "[boot loader]\r\n");
    CHECK(image.cat("/WINNT/system32/drivers/atapi.sys") == to_text(driver));
    const std::string names =
        run_shell("ntfsls -f -x -a " + image.path + " -p / && ntfsls -f -a -x -d " + image.path + " -p /")
            .out;
    INFO(names);
    CHECK_THAT(names, Catch::Contains("PROGRA~1.TEX") && Catch::Contains("PROGRA~1.TXT") &&
                          Catch::Contains("WINNT"));
    const FileSystemPtr fs = image.open();
    const auto file = fs->lookup("\\PROGRA~1.TXT");
    REQUIRE(file);
    CHECK(file->name == "Program notes.txt");
    CHECK(file->short_name == "PROGRA~1.TXT");
    CHECK(fs->lookup("\\boot.ini")->attributes ==
          (attribute_system | attribute_hidden | attribute_read_only));
    CHECK(fs->lookup("\\winnt")->is_directory());
    std::vector<std::string> listed;
    for (const FileInfo& entry : fs->list("\\"))
        listed.push_back(entry.name);
    std::sort(listed.begin(), listed.end());
    CHECK(listed == std::vector<std::string>{"Program notes.text", "Program notes.txt", "WINNT", "boot.ini"});
}

TEST_CASE("ntfs: replacing a file keeps its attributes, changing it in place keeps its clusters") {
    REQUIRE_TOOLS();
    const Image image;
    const FileSystemPtr fs = image.open(true);
    fs->write_file("\\HAL.DLL", pattern(60'000));
    fs->set_attributes("\\HAL.DLL", attribute_read_only | attribute_archive);
    fs->write_file("\\hal.dll", pattern(20'000, 3));
    CHECK(fs->lookup("hal.dll")->attributes == (attribute_read_only | attribute_archive));
    CHECK(fs->lookup("hal.dll")->name == "HAL.DLL");
    CHECK(fs->read_file("hal.dll") == pattern(20'000, 3));
    const auto before = fs->file_extents("hal.dll");
    fs->write_at("hal.dll", 5000, to_bytes("patched"));
    const auto after = fs->file_extents("hal.dll");
    REQUIRE(before.size() == after.size());
    CHECK(before.front().volume_offset == after.front().volume_offset);
    Bytes expected = pattern(20'000, 3);
    std::copy_n(to_bytes("patched").begin(), 7, expected.begin() + 5000);
    CHECK(fs->read_file("hal.dll") == expected);
    CHECK_THROWS_WITH(fs->write_at("hal.dll", 19'999, to_bytes("ab")), Catch::Contains("outside the file"));
    CHECK(fs->lookup("hal.dll")->size == 20'000);
}

TEST_CASE("ntfs: rename moves, changes case and refuses to overwrite") {
    REQUIRE_TOOLS();
    const Image image;
    {
        const FileSystemPtr fs = image.open(true);
        fs->make_directory("\\a");
        fs->make_directory("\\b");
        fs->write_file("\\a\\Long file name.sys", to_bytes("1"));
        fs->write_file("\\b\\x", to_bytes("2"));
        CHECK_THROWS_WITH(fs->rename("\\a\\Long file name.sys", "\\b\\X"), Catch::Contains("exists"));
        fs->rename("\\a\\LONGFI~1.SYS", "\\b\\new.sys");
        fs->rename("\\b\\new.sys", "\\b\\NEW.sys");
        fs->rename("\\b", "\\Directory with long name");
        CHECK_THROWS_WITH(fs->rename("\\Directory with long name", "\\Directory with long name\\x\\y"),
                          Catch::Contains("inside"));
        CHECK_THROWS_WITH(fs->rename("\\Directory with long name", "\\Directory with long name\\z"),
                          Catch::Contains("inside"));
        CHECK_THROWS_WITH(fs->remove("\\Directory with long name"), Catch::Contains("not empty"));
        fs->remove("\\Directory with long name\\X");
        fs->remove("\\a");
    }
    CHECK(image.healthy());
    CHECK(image.cat("/Directory with long name/NEW.sys") == "1");
    const FileSystemPtr fs = image.open();
    REQUIRE(fs->list("\\DIRECT~1").size() == 1);
    CHECK(fs->list("\\DIRECT~1").front().name == "NEW.sys");
    CHECK(fs->list("\\").size() == 1);
}

TEST_CASE("ntfs: a directory of many files is listed completely and its short names are unique") {
    REQUIRE_TOOLS();
    const Image image("64M");
    const FileSystemPtr fs = image.open(true);
    fs->make_directory("\\many");
    for (int i = 0; i < 300; ++i)
        fs->write_file("\\many\\a file with number " + std::to_string(i), to_bytes("x"));
    const auto files = fs->list("\\MANY");
    CHECK(files.size() == 300);
    std::set<std::string> names;
    for (const FileInfo& file : files)
        names.insert(file.short_name);
    CHECK(names.size() == 300);
    CHECK(fs->lookup("\\many\\" + files[17].short_name)->name == files[17].name);
}

TEST_CASE("ntfs: extents say where the bytes are and owner_of says whose they are") {
    REQUIRE_TOOLS();
    const Image image;
    const Bytes content = pattern(100'000);
    const auto device = image.device();
    FileSystemOptions options;
    options.writable = true;
    const FileSystemPtr fs = open_filesystem(device, options);
    fs->make_directory("\\dir");
    fs->write_file("\\dir\\file.bin", content);
    fs->write_file("\\small", to_bytes("resident"));
    CHECK(fs->file_extents("\\small").empty());
    Bytes read(content.size());
    for (const FileExtent& extent : fs->file_extents("\\dir\\file.bin")) {
        device->read(extent.volume_offset, MutableByteView(read).subspan(extent.file_offset, extent.length));
        CHECK(fs->owner_of(extent.volume_offset + extent.length - 1) == "\\dir\\file.bin");
    }
    CHECK(read == content);
    CHECK(fs->owner_of(0) == "\\$Boot");
    CHECK_FALSE(fs->owner_of(fs->info().total_bytes / 4 * 3));
}

TEST_CASE("ntfs: used ranges are $Bitmap's, the copy of the boot sector included") {
    REQUIRE_TOOLS();
    const Image image;
    const FileSystemPtr fs = image.open(true);
    fs->write_file("\\f", pattern(1'000'000));
    std::uint64_t used = 0;
    std::uint64_t last = 0;
    fs->used_ranges([&](std::uint64_t offset, std::uint64_t length) {
        CHECK(offset >= last);
        CHECK(length > 0);
        last = offset + length;
        used += length;
    });
    CHECK(last == 32U << 20U);
    const FileSystemInfo info = fs->info();
    CHECK(used == info.total_bytes - info.free_bytes + ((32U << 20U) - info.total_bytes));
}

TEST_CASE("ntfs: a dirty volume is recognised and written to only after a choice") {
    REQUIRE_TOOLS();
    const Image image;
    // $Volume is record 3; ntfsfix -d would clear what this sets: flags are at +10 of $VOLUME_INFORMATION.
    {
        const auto device = image.device();
        Bytes boot(512);
        device->read(0, boot);
        const std::uint64_t mft = load_le<std::uint64_t>(boot, 0x30) * boot[0x0D] * 512U;
        Bytes record(1024);
        device->read(mft + 3 * 1024, record);
        std::size_t at = load_le<std::uint16_t>(record, 20);
        while (load_le<std::uint32_t>(record, at) != 0x70)
            at += load_le<std::uint32_t>(record, at + 4);
        const std::size_t flags = at + load_le<std::uint16_t>(record, at + 20) + 10;
        record[flags] |= 1;
        device->write(mft + 3 * 1024, record);
        const std::uint64_t mirror = load_le<std::uint64_t>(boot, 0x38) * boot[0x0D] * 512U;
        device->write(mirror + 3 * 1024, record);
    }
    CHECK(image.open()->info().dirty);
    FileSystemOptions options;
    options.writable = true;
    try {
        open_filesystem(image.device(), options);
        FAIL("opened");
    } catch (const Error& error) {
        CHECK(error.kind() == ErrorKind::decision);
        CHECK_THAT(error.what(), Catch::Contains("marked dirty"));
    }
    options.allow_dirty = true;
    {
        const FileSystemPtr fs = open_filesystem(image.device(), options);
        fs->write_file("\\x", to_bytes("y"));
    }
    CHECK(image.open()->info().dirty);
}

TEST_CASE("ntfs: a volume that claims more than its device has is refused in one line") {
    REQUIRE_TOOLS();
    const Image image;
    auto device = image.device();
    Bytes half(static_cast<std::size_t>(device->size() / 2));
    device->read(0, half);
    CHECK_THROWS_WITH(open_filesystem(std::make_shared<MemoryDevice>(std::move(half))),
                      Catch::Contains("only") && Catch::Contains("truncated"));
}

TEST_CASE("ntfs: an unreplayed log is recognised, and emptied only when that is asked for") {
    REQUIRE_TOOLS();
    const Image image;
    {
        const FileExtent log = image.open()->file_extents("\\$LogFile").at(0);
        image.device()->write(log.volume_offset, pattern(8192));
    }
    CHECK(image.open()->info().log_unclean);
    FileSystemOptions options;
    options.writable = true;
    options.allow_dirty = true;
    try {
        open_filesystem(image.device(), options);
        FAIL("opened");
    } catch (const Error& error) {
        CHECK(error.kind() == ErrorKind::decision);
        CHECK_THAT(error.what(), Catch::Contains("$LogFile"));
    }
    options.reset_log = true;
    open_filesystem(image.device(), options)->write_file("\\x", to_bytes("y"));
    CHECK_FALSE(image.open()->info().log_unclean);
    CHECK(image.cat("/x") == "y");
}

TEST_CASE("ntfs: a 1.2 volume stays 1.2 when it is written to") {
    REQUIRE_TOOLS();
    const Image image;
    {
        // mkntfs makes 3.1 only: the version is set back in both copies of $Volume's record.
        const auto device = image.device();
        Bytes boot(512);
        device->read(0, boot);
        for (const std::size_t field : {0x30U, 0x38U}) {
            const std::uint64_t at = load_le<std::uint64_t>(boot, field) * boot[0x0D] * 512U + 3 * 1024;
            Bytes record(1024);
            device->read(at, record);
            std::size_t attribute = load_le<std::uint16_t>(record, 20);
            while (load_le<std::uint32_t>(record, attribute) != 0x70)
                attribute += load_le<std::uint32_t>(record, attribute + 4);
            const std::size_t version = attribute + load_le<std::uint16_t>(record, attribute + 20) + 8;
            record[version] = 1;
            record[version + 1] = 2;
            device->write(at, record);
        }
    }
    image.open(true)->write_file("\\NEW.SYS", pattern(50'000));
    const FileSystemPtr fs = image.open();
    CHECK(fs->info().version_major == 1);
    CHECK(fs->info().version_minor == 2);
    CHECK(fs->read_file("\\new.sys") == pattern(50'000));
    CHECK_THAT(run_shell("ntfsinfo -f -F NEW.SYS " + image.path).out, Catch::Contains("NEW.SYS"));
}
