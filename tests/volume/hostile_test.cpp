// Volumes that were made to hurt: lists of attributes that lead round in circles, files of impossible sizes.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/volume/bpb.hpp"
#include "converter/volume/open_filesystem.hpp"
#include "tests/support/leaks.hpp"
#include "tests/support/run.hpp"
#include "tests/support/skip.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/volume/devices.hpp"

#include <catch2/catch.hpp>

using namespace ntferry;
using namespace ntferry::volume;
using namespace ntferry::test;

// libntfs-3g forgets the extents of an inode whose attribute list breaks off while it is opened (inode.c,
// ntfs_inode_real_open()).
NTFERRY_KNOWN_LEAKS("leak:libntfs-3g.so");

namespace {

constexpr std::size_t sector = 512;

/// An NTFS volume with files, in memory, whose MFT records can be rewritten.
class NtfsVolume {
  public:
    NtfsVolume() {
        const TempDir dir;
        const std::string path = dir / "v";
        REQUIRE(run_shell("truncate -s 4M " + path + " && mkntfs -q -F -Q -c 1024 " + path +
                          " 2>/dev/null && for n in one two three; do head -c 200 /dev/zero | tr '\\0' x >" +
                          (dir / "f") + " && ntfscp -f " + path + " " + (dir / "f") +
                          " $n; done && head -c 90000 /dev/zero | tr '\\0' y >" + (dir / "f") +
                          " && ntfscp -f " + path + " " + (dir / "f") + " large")
                    .exit_code == 0);
        FileDevice file(path);
        bytes.resize(file.size());
        file.read(0, bytes);
        bpb = parse_bpb(bytes).value();
    }
    FileSystemPtr open() const { return open_filesystem(std::make_shared<MemoryDevice>(bytes)); }

    std::size_t place(std::size_t record) const {
        return bpb.mft_cluster * bpb.cluster_size() + record * bpb.mft_record_size;
    }
    /// The record with its fix-ups taken out.
    Bytes load(std::size_t record) const {
        Bytes content(bytes.begin() + static_cast<std::ptrdiff_t>(place(record)),
                      bytes.begin() + static_cast<std::ptrdiff_t>(place(record) + bpb.mft_record_size));
        const std::size_t usa = load_le<std::uint16_t>(content, 4);
        for (std::size_t i = 0; i < content.size() / sector; ++i)
            std::copy_n(content.begin() + static_cast<std::ptrdiff_t>(usa + 2 + 2 * i), 2,
                        content.begin() + static_cast<std::ptrdiff_t>((i + 1) * sector - 2));
        return content;
    }
    void store(std::size_t record, Bytes content) {
        const std::size_t usa = load_le<std::uint16_t>(content, 4);
        for (std::size_t i = 0; i < content.size() / sector; ++i) {
            std::copy_n(content.begin() + static_cast<std::ptrdiff_t>((i + 1) * sector - 2), 2,
                        content.begin() + static_cast<std::ptrdiff_t>(usa + 2 + 2 * i));
            std::copy_n(content.begin() + static_cast<std::ptrdiff_t>(usa), 2,
                        content.begin() + static_cast<std::ptrdiff_t>((i + 1) * sector - 2));
        }
        std::copy(content.begin(), content.end(), bytes.begin() + static_cast<std::ptrdiff_t>(place(record)));
    }
    /// Number of the file record with this name.
    std::size_t find(const std::string& name) const {
        Bytes wanted;
        for (const char c : name) {
            wanted.push_back(static_cast<std::uint8_t>(c));
            wanted.push_back(0);
        }
        for (std::size_t record = 24; record < 80; ++record) {
            const Bytes content = load(record);
            if (content[0] == 'F' && std::search(content.begin() + 0x38, content.end(), wanted.begin(),
                                                 wanted.end()) != content.end())
                return record;
        }
        FAIL("no record of " << name);
        return 0;
    }
    std::uint64_t reference(std::size_t record) const {
        return record | std::uint64_t{load_le<std::uint16_t>(bytes, place(record) + 16)} << 48U;
    }

    Bytes bytes;
    Bpb bpb;
};

/// Attributes of a record by type: begin and length.
std::vector<std::tuple<std::uint32_t, std::size_t, std::size_t>> attributes(const Bytes& record) {
    std::vector<std::tuple<std::uint32_t, std::size_t, std::size_t>> found;
    for (std::size_t at = load_le<std::uint16_t>(record, 20); at + 8 < record.size();) {
        const auto type = load_le<std::uint32_t>(record, at);
        const auto length = load_le<std::uint32_t>(record, at + 4);
        if (type == 0xFFFFFFFF || length == 0)
            break;
        found.emplace_back(type, at, length);
        at += length;
    }
    return found;
}

/// An entry of $ATTRIBUTE_LIST that says where an attribute of this type lies.
Bytes list_entry(std::uint32_t type, std::uint64_t reference) {
    Bytes entry(32);
    store_le<std::uint32_t>(entry, 0, type);
    store_le<std::uint16_t>(entry, 4, 32);
    entry[7] = 26;
    store_le<std::uint64_t>(entry, 16, reference);
    return entry;
}

/// The record with a resident $ATTRIBUTE_LIST in the place of its $DATA.
Bytes with_attribute_list(const Bytes& record, const std::vector<Bytes>& entries) {
    Bytes list;
    for (const Bytes& entry : entries)
        list.insert(list.end(), entry.begin(), entry.end());
    Bytes attribute(24);
    store_le<std::uint32_t>(attribute, 0, 0x20);
    store_le<std::uint32_t>(attribute, 4, static_cast<std::uint32_t>(24 + list.size()));
    store_le<std::uint16_t>(attribute, 14, 77);
    store_le<std::uint32_t>(attribute, 16, static_cast<std::uint32_t>(list.size()));
    store_le<std::uint16_t>(attribute, 20, 24);
    attribute.insert(attribute.end(), list.begin(), list.end());
    const std::size_t first = load_le<std::uint16_t>(record, 20);
    Bytes made(record.begin(), record.begin() + static_cast<std::ptrdiff_t>(first));
    for (const auto& [type, at, length] : attributes(record)) {
        if (type == 0x80)
            continue;
        made.insert(made.end(), record.begin() + static_cast<std::ptrdiff_t>(at),
                    record.begin() + static_cast<std::ptrdiff_t>(at + length));
        if (type == 0x10)
            made.insert(made.end(), attribute.begin(), attribute.end());
    }
    made.insert(made.end(), 4, std::uint8_t{0xFF});
    made.insert(made.end(), 4, std::uint8_t{0});
    REQUIRE(made.size() <= record.size());
    store_le<std::uint32_t>(made, 24, static_cast<std::uint32_t>(made.size()));
    made.resize(record.size());
    return made;
}

/// Everything that an inspection and a capture do with a volume. Must come back; may throw Error only.
void use(const NtfsVolume& volume) {
    const auto attempt = [](auto&& part) {
        try {
            part();
        } catch (const Error& error) {
            CHECK(std::string(error.what()).find('\n') == std::string::npos);
        }
    };
    attempt([&] {
        const FileSystemPtr fs = volume.open();
        attempt([&] { fs->info(); });
        attempt([&] { fs->list("\\"); });
        for (const char* name : {"\\one", "\\two", "\\three", "\\large"}) {
            attempt([&] { fs->lookup(name); });
            attempt([&] {
                const std::size_t size = fs->read_file(name).size();
                CHECK(size < (16U << 20U));
            });
            attempt([&] {
                const std::size_t count = fs->file_extents(name).size();
                CHECK(count < 10'000);
            });
        }
        attempt([&] { fs->used_ranges([](std::uint64_t, std::uint64_t) {}); });
        for (std::uint64_t at = 0; at < volume.bytes.size(); at += 65536)
            attempt([&] { fs->owner_of(at); });
    });
}

} // namespace

TEST_CASE("hostile: attribute lists that lead to themselves and round in circles come to an end") {
    if (!have_program("mkntfs") || !have_program("ntfscp"))
        NTFERRY_SKIP("mkntfs or ntfscp is missing");
    NtfsVolume volume;
    const std::size_t one = volume.find("one");
    const std::size_t two = volume.find("two");
    const std::size_t three = volume.find("three");
    const auto self = [&](std::size_t record) {
        return std::vector<Bytes>{list_entry(0x10, volume.reference(record)),
                                  list_entry(0x30, volume.reference(record))};
    };
    SECTION("to itself") {
        std::vector<Bytes> entries = self(one);
        entries.push_back(list_entry(0x20, volume.reference(one)));
        entries.push_back(list_entry(0x80, volume.reference(one)));
        volume.store(one, with_attribute_list(volume.load(one), entries));
    }
    SECTION("round in a circle of three") {
        const std::size_t ring[] = {one, two, three, one};
        for (std::size_t i = 0; i < 3; ++i) {
            std::vector<Bytes> entries = self(ring[i]);
            entries.push_back(list_entry(0x80, volume.reference(ring[i + 1])));
            Bytes record = with_attribute_list(volume.load(ring[i]), entries);
            if (i > 0) // as an extension of the one before it
                store_le<std::uint64_t>(record, 32, volume.reference(ring[i - 1]));
            volume.store(ring[i], record);
        }
    }
    SECTION("to the MFT itself") {
        std::vector<Bytes> entries = self(one);
        entries.push_back(list_entry(0x80, volume.reference(0)));
        volume.store(one, with_attribute_list(volume.load(one), entries));
    }
    SECTION("a thousand times to the same place") {
        std::vector<Bytes> entries = self(one);
        for (int i = 0; i < 15; ++i)
            entries.push_back(list_entry(0x80, volume.reference(two)));
        volume.store(one, with_attribute_list(volume.load(one), entries));
    }
    use(volume);
}

TEST_CASE("hostile: an NTFS file that claims exabytes is an error, not an allocation") {
    if (!have_program("mkntfs") || !have_program("ntfscp"))
        NTFERRY_SKIP("mkntfs or ntfscp is missing");
    NtfsVolume volume;
    const std::size_t large = volume.find("large");
    Bytes record = volume.load(large);
    bool changed = false;
    for (const auto& [type, at, length] : attributes(record))
        if (type == 0x80 && record[at + 8] == 1) {
            for (const std::size_t field : {std::size_t{40}, std::size_t{48}, std::size_t{56}})
                store_le<std::uint64_t>(record, at + field, std::uint64_t{1} << 60U);
            changed = true;
        }
    REQUIRE(changed);
    volume.store(large, record);
    CHECK_THROWS_AS(volume.open()->read_file("\\large"), Error);
    use(volume);
}

TEST_CASE("hostile: FAT entries of 4 GiB, files and directories, are errors") {
    if (!have_program("mkfs.fat") || !have_program("mcopy"))
        NTFERRY_SKIP("mkfs.fat or mcopy is missing");
    const TempDir dir;
    const std::string path = dir / "v";
    REQUIRE(run_shell("mkfs.fat -F 16 -C " + path +
                      " 9000 >/dev/null && head -c 3000 /dev/zero | tr '\\0' z >" + (dir / "f") +
                      " && mcopy -i " + path + " " + (dir / "f") + " ::VICTIM.DAT && mmd -i " + path +
                      " ::FOLDER")
                .exit_code == 0);
    FileDevice file(path);
    Bytes bytes(file.size());
    file.read(0, bytes);
    for (const char* name : {"VICTIM  DAT", "FOLDER     "}) {
        const std::string wanted = name;
        const auto entry = std::search(bytes.begin(), bytes.end(), wanted.begin(), wanted.end());
        REQUIRE(entry != bytes.end());
        store_le<std::uint32_t>(bytes, static_cast<std::size_t>(entry - bytes.begin()) + 28, 0xFFFFFFFF);
    }
    const FileSystemPtr fs = open_filesystem(std::make_shared<MemoryDevice>(bytes));
    CHECK(fs->list("\\").size() == 2);
    CHECK_THROWS_AS(fs->read_file("\\VICTIM.DAT", std::uint64_t{8} << 30U), Error);
    CHECK_THROWS_AS(fs->read_file("\\VICTIM.DAT"), Error);
    CHECK(fs->list("\\FOLDER").empty());
    try {
        const std::size_t count = fs->file_extents("\\VICTIM.DAT").size();
        CHECK(count < 100);
    } catch (const Error&) {
    }
}
