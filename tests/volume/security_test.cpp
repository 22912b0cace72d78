// Security descriptors of new files and folders, read by ntfssecaudit.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/volume/ntfs/security.hpp"
#include "converter/volume/open_filesystem.hpp"
#include "tests/support/run.hpp"
#include "tests/support/skip.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/volume/devices.hpp"

#include <catch2/catch.hpp>

#include <fstream>

using namespace ntferry;
using namespace ntferry::test;

namespace {

using Sid = std::vector<std::uint32_t>; ///< authority, sub-authorities

const Sid administrators{5, 32, 544};
const Sid local_system{5, 18};
const Sid everyone{1, 0};
const Sid creator_owner{3, 0};
const Sid creator_group{3, 1};
const Sid users{5, 32, 545};

/// In groups of four bytes, as ntfssecaudit prints them: "01020000 00000005 20000000 20020000 ".
std::string words(const Bytes& bytes) {
    std::string text;
    for (std::size_t i = 0; i < bytes.size(); i += 4)
        text += to_hex(ByteView(bytes).subspan(i, std::min<std::size_t>(4, bytes.size() - i))) + " ";
    return text;
}

Bytes sid_bytes(const Sid& sid) {
    Bytes bytes{1, static_cast<std::uint8_t>(sid.size() - 1), 0, 0, 0, 0,
                0, static_cast<std::uint8_t>(sid[0])};
    for (std::size_t i = 1; i < sid.size(); ++i) {
        bytes.resize(bytes.size() + 4);
        store_le<std::uint32_t>(bytes, bytes.size() - 4, sid[i]);
    }
    return bytes;
}

struct Ace {
    std::uint8_t type;
    std::uint8_t flags;
    std::uint32_t mask;
    Sid sid;
};

Bytes acl_bytes(const std::vector<Ace>& list) {
    Bytes bytes(8);
    bytes[0] = 2;
    for (const Ace& ace : list) {
        const Bytes sid = sid_bytes(ace.sid);
        const std::size_t at = bytes.size();
        bytes.resize(at + 8);
        bytes[at] = ace.type;
        bytes[at + 1] = ace.flags;
        store_le<std::uint16_t>(bytes, at + 2, static_cast<std::uint16_t>(8 + sid.size()));
        store_le<std::uint32_t>(bytes, at + 4, ace.mask);
        bytes.insert(bytes.end(), sid.begin(), sid.end());
    }
    store_le<std::uint16_t>(bytes, 2, static_cast<std::uint16_t>(bytes.size()));
    store_le<std::uint16_t>(bytes, 4, static_cast<std::uint16_t>(list.size()));
    return bytes;
}

/// A folder's descriptor with Users as its group.
Bytes folder_with(const std::vector<Ace>& list) {
    Bytes bytes(20);
    bytes[0] = 1;
    store_le<std::uint16_t>(bytes, 2, 0x8004);
    const auto add = [&](std::size_t field, const Bytes& part) {
        store_le<std::uint32_t>(bytes, field, static_cast<std::uint32_t>(bytes.size()));
        bytes.insert(bytes.end(), part.begin(), part.end());
    };
    add(4, sid_bytes(local_system));
    add(8, sid_bytes(users));
    add(16, acl_bytes(list));
    return bytes;
}

bool holds(const Bytes& descriptor, const Bytes& part) {
    return std::search(descriptor.begin(), descriptor.end(), part.begin(), part.end()) != descriptor.end();
}

/// What `ntfssecaudit -v` prints of a file's descriptor, its words in one line.
std::string audited(const std::string& image, const std::string& file) {
    const RunResult result = run_shell("ntfssecaudit -v " + image + " " + file +
                                       " | sed -n 's/^ *[0-9a-f]\\{6\\}  //p' | tr '\\n' ' '");
    return result.out;
}

} // namespace

TEST_CASE("descriptor: a file gets the entries that its folder hands down to files") {
    const Bytes file = volume::ntfs::inherited_descriptor(
        folder_with({{0, 0, 0x1F01FF, everyone},         // for the folder alone
                     {0, 3, 0x001F01FF, administrators}, // for everything
                     {0, 2, 0x001200A9, local_system},   // for folders
                     {1, 9, 0x00010000, users},          // denied, for files alone
                     {0, 11, 0x80000000, everyone},      // generic read
                     {0, 11, 0x10000000, creator_owner}, // whoever makes it: an administrator
                     {0, 9, 0x00120089, creator_group}}),
        false);
    CHECK(holds(file, acl_bytes({{0, 0, 0x1F01FF, administrators},
                                 {1, 0, 0x00010000, users},
                                 {0, 0, 0x00120089, everyone},
                                 {0, 0, 0x001F01FF, administrators},
                                 {0, 0, 0x00120089, users}})));
    // Owner Administrators, the folder's group behind it, nothing else.
    const auto owner = load_le<std::uint32_t>(file, 4);
    const auto group = load_le<std::uint32_t>(file, 8);
    CHECK(Bytes(file.begin() + owner, file.begin() + group) == sid_bytes(administrators));
    CHECK(Bytes(file.begin() + group, file.end()) == sid_bytes(users));
}

TEST_CASE("descriptor: a folder gets what is for folders, and hands it on") {
    const Bytes folder = volume::ntfs::inherited_descriptor(folder_with({{0, 3, 0x001F01FF, administrators},
                                                                         {0, 1, 0x001200A9, users},
                                                                         {0, 7, 0x00100000, everyone},
                                                                         {0, 11, 0x10000000, creator_owner}}),
                                                            true);
    CHECK(holds(folder, acl_bytes({{0, 3, 0x001F01FF, administrators},
                                   {0, 9, 0x001200A9, users},    // for the files in it
                                   {0, 0, 0x00100000, everyone}, // no further
                                   {0, 0, 0x001F01FF, administrators},
                                   {0, 11, 0x10000000, creator_owner}})));
}

TEST_CASE("descriptor: where nothing is handed down, Administrators and SYSTEM alone have access") {
    const Bytes expected = acl_bytes({{0, 0, 0x1F01FF, administrators}, {0, 0, 0x1F01FF, local_system}});
    CHECK(holds(volume::ntfs::inherited_descriptor({}, false), expected));
    CHECK(holds(volume::ntfs::inherited_descriptor(folder_with({{0, 0, 0x1F01FF, everyone}}), false),
                expected));
    CHECK(holds(volume::ntfs::inherited_descriptor(Bytes(100, 0xFF), true), expected));
    // Every truncation of a good one: never a crash, never an open file.
    const Bytes good = folder_with({{0, 3, 0x001F01FF, everyone}});
    for (std::size_t length = 0; length < good.size(); ++length)
        CHECK(volume::ntfs::inherited_descriptor(ByteView(good).first(length), false).size() >= 20);
}

TEST_CASE("ntfs: new files and folders have what NT would give them, as ntfssecaudit reads it") {
    if (!have_program("mkntfs") || !have_program("ntfssecaudit"))
        NTFERRY_SKIP("ntfs-3g's tools are not installed");
    const bool old_format = GENERATE(true, false);
    CAPTURE(old_format);
    const TempDir dir;
    const std::string image = dir / "ntfs.img";
    REQUIRE(run_shell("truncate -s 32M " + image + " && mkntfs -q -F -Q " + image).exit_code == 0);
    if (old_format) {
        // $Volume says 1.2; $SECURITY_DESCRIPTOR in each file, nothing goes to $Secure.
        const std::string populate = NTFERRY_BINARY_DIR "/tests/lookalike-populate";
        REQUIRE(run_shell("printf 'V\\t1\\t2\\n' | " + populate + " " + image).exit_code == 0);
    }
    {
        volume::FileSystemOptions options;
        options.writable = true;
        const auto fs = volume::open_filesystem(std::make_shared<FileDevice>(image), options);
        fs->make_directory("\\WINNT");
        fs->write_file("\\boot.ini", to_bytes("[boot loader]\r\n"));
        fs->write_file("\\WINNT\\atapi.sys", pattern(20'000));
        fs->sync();
    }
    // mkntfs gives the root: Administrators, SYSTEM, Authenticated Users, Users, each for itself and, with
    // generic rights, for what is made below.
    const Bytes file_list = acl_bytes({{0, 0, 0x001F01FF, administrators},
                                       {0, 0, 0x001F01FF, local_system},
                                       {0, 0, 0x001301BF, {5, 11}},
                                       {0, 0, 0x001200A9, users}});
    CHECK_THAT(audited(image, "/boot.ini"), Catch::Contains(words(file_list)));
    CHECK_THAT(audited(image, "/WINNT/atapi.sys"), Catch::Contains(words(file_list)));
    const Bytes folder_list = acl_bytes({{0, 0, 0x001F01FF, administrators},
                                         {0, 11, 0x10000000, administrators},
                                         {0, 0, 0x001F01FF, local_system},
                                         {0, 11, 0x10000000, local_system},
                                         {0, 0, 0x001301BF, {5, 11}},
                                         {0, 11, 0xE0010000, {5, 11}},
                                         {0, 0, 0x001200A9, users},
                                         {0, 11, 0xA0000000, users}});
    CHECK_THAT(audited(image, "/WINNT"), Catch::Contains(words(folder_list)));
    const std::string said = run_shell("ntfssecaudit -v " + image + " /WINNT/atapi.sys 2>&1").out;
    INFO(said);
    CHECK_THAT(said, Catch::Contains("Windows owner S-1-5-32-544"));
    CHECK((said.find("Security key : none") != std::string::npos) == old_format);
    const RunResult whole = run_shell("ntfssecaudit -v " + image + " / 2>&1 && ntfsfix -n " + image);
    INFO(whole.out);
    CHECK(whole.exit_code == 0);
    CHECK_THAT(whole.out, Catch::Contains("No errors were found"));
}
