// Fault-tolerant sets: members made by plain byte arithmetic of md's documented layouts, file systems by
// mkntfs. SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/volume/ft/assemble.hpp"
#include "converter/volume/open_filesystem.hpp"
#include "tests/support/run.hpp"
#include "tests/support/skip.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/volume/devices.hpp"

using namespace ntferry;
using namespace ntferry::volume;
using namespace ntferry::volume::ft;
using namespace ntferry::test;

namespace {

constexpr std::size_t unit = 65536;

class BadSectors final : public block::BlockDevice {
  public:
    BadSectors(Bytes bytes, std::uint64_t begin, std::uint64_t end)
        : inner_(std::move(bytes)), begin_(begin), end_(end) {}
    std::string name() const override { return "bad"; }
    std::uint64_t size() const override { return inner_.size(); }
    void read(std::uint64_t offset, MutableByteView out) override {
        if (offset < end_ && offset + out.size() > begin_)
            throw block::ReadError("bad", offset, out.size(), EIO);
        inner_.read(offset, out);
    }

  private:
    MemoryDevice inner_;
    std::uint64_t begin_;
    std::uint64_t end_;
};

block::SharedBlockDevice memory(Bytes bytes) {
    return std::make_shared<MemoryDevice>(std::move(bytes));
}

Bytes read_all(block::BlockDevice& device) {
    Bytes bytes(static_cast<std::size_t>(device.size()));
    device.read(0, bytes);
    return bytes;
}

/// Rows of a parity set drawn as tables, P for parity: written down from md(4)'s description of each layout,
/// not computed by the code under test. Three members.
const std::vector<std::pair<ParityLayout, std::vector<std::string>>> drawings{
    {ParityLayout::right_asymmetric, {"P01", "2P3", "45P", "P67"}},
    {ParityLayout::right_asymmetric_from_last, {"01P", "P23", "4P5", "67P"}},
    {ParityLayout::left_symmetric, {"01P", "3P2", "P45", "67P"}},
    {ParityLayout::left_asymmetric, {"01P", "2P3", "P45", "67P"}},
    {ParityLayout::right_symmetric, {"P01", "3P2", "45P", "P67"}},
};

/// Splits a volume into three members by a drawing whose first three rows repeat.
std::vector<Bytes> split(const Bytes& volume, const std::vector<std::string>& drawing) {
    std::vector<Bytes> members(3);
    const std::size_t rows = volume.size() / (2 * unit);
    for (std::size_t row = 0; row < rows; ++row) {
        const std::string& line = drawing[row % 3];
        Bytes parity(unit);
        std::size_t parity_at = 0;
        for (std::size_t m = 0; m < 3; ++m) {
            if (line[m] == 'P') {
                parity_at = m;
                members[m].resize(members[m].size() + unit);
                continue;
            }
            const std::size_t number = row / 3 * 6 + static_cast<std::size_t>(line[m] - '0');
            const auto begin = volume.begin() + static_cast<std::ptrdiff_t>(number * unit);
            members[m].insert(members[m].end(), begin, begin + unit);
            for (std::size_t i = 0; i < unit; ++i)
                parity[i] ^= volume[number * unit + i];
        }
        std::copy(parity.begin(), parity.end(), members[parity_at].end() - unit);
    }
    return members;
}

Members devices(const std::vector<Bytes>& members) {
    Members list;
    for (const Bytes& member : members)
        list.push_back(memory(member));
    return list;
}

/// A small NTFS volume with a tree of files, in memory.
Bytes ntfs_volume() {
    const TempDir dir;
    const std::string path = dir / "v";
    REQUIRE(run_shell("truncate -s 12M " + path + " && mkntfs -q -F -Q -c 512 " + path).exit_code == 0);
    {
        FileSystemOptions options;
        options.writable = true;
        const FileSystemPtr fs = open_filesystem(std::make_shared<FileDevice>(path), options);
        for (int d = 0; d < 6; ++d) {
            const std::string name = "\\dir" + std::to_string(d);
            fs->make_directory(name);
            for (int f = 0; f < 40; ++f)
                fs->write_file(name + "\\file" + std::to_string(f),
                               pattern(3000, static_cast<std::uint32_t>(f)));
        }
    }
    FileDevice file(path);
    return read_all(file);
}

PartitionRecord member_record(SetType type, std::uint16_t member, std::uint64_t start, std::uint64_t length) {
    PartitionRecord record;
    record.set_type = type;
    record.group = 1;
    record.member = member;
    record.start = start;
    record.length = length;
    record.letter = 'E';
    return record;
}

/// A disk with one partition of the given content at sector 63.
Disk disk_with(const Bytes& content, std::uint32_t signature, std::uint8_t type) {
    Bytes bytes(63 * 512);
    bytes.insert(bytes.end(), content.begin(), content.end());
    store_le<std::uint32_t>(bytes, 0x1B8, signature);
    bytes[0x1BE + 4] = type;
    store_le<std::uint32_t>(bytes, 0x1BE + 8, 63);
    store_le<std::uint32_t>(bytes, 0x1BE + 12, static_cast<std::uint32_t>(content.size() / 512));
    bytes[510] = 0x55;
    bytes[511] = 0xAA;
    const auto device = std::make_shared<MemoryDevice>(std::move(bytes));
    return {device, read_layout(*device)};
}

} // namespace

TEST_CASE("parity stripes: every layout reads as it is drawn, also with one member missing or bad") {
    const Bytes volume = pattern(12 * unit);
    for (const auto& [layout, drawing] : drawings) {
        CAPTURE(to_string(layout));
        const std::vector<Bytes> members = split(volume, drawing);
        CHECK(read_all(*make_stripe_with_parity(devices(members), layout)) == volume);
        for (std::size_t missing = 0; missing < 3; ++missing) {
            Members some = devices(members);
            some[missing] = nullptr;
            const auto set = make_stripe_with_parity(some, layout);
            CHECK(read_all(*set) == volume);
            Bytes across(unit + 100);
            set->read(unit - 50, across);
            CHECK(std::equal(across.begin(), across.end(), volume.begin() + unit - 50));
            some[missing] = std::make_shared<BadSectors>(members[missing], 1000, 70'000);
            CHECK(read_all(*make_stripe_with_parity(some, layout)) == volume);
            some[(missing + 1) % 3] = nullptr;
            CHECK_THROWS_AS(read_all(*make_stripe_with_parity(some, layout)), block::ReadError);
            some[missing] = nullptr;
            CHECK_THROWS_WITH(make_stripe_with_parity(some, layout),
                              Catch::Contains("2 of 3 members are missing"));
        }
    }
}

TEST_CASE("parity stripes: the layout is recognised by the file system in the set") {
    if (!have_program("mkntfs"))
        NTFERRY_SKIP("mkntfs is not installed");
    Bytes volume = ntfs_volume();
    volume.resize(volume.size() / (6 * unit) * (6 * unit) + 6 * unit);
    for (const auto& [layout, drawing] : drawings) {
        CAPTURE(to_string(layout));
        const DetectedParity found = detect_parity_layout(devices(split(volume, drawing)));
        CHECK(found.proven);
        CHECK(to_string(found.layout) == to_string(layout));
    }
    const DetectedParity empty = detect_parity_layout(devices(split(Bytes(6 * unit), drawings[0].second)));
    CHECK_FALSE(empty.proven);
    CHECK(empty.layout == ParityLayout::right_asymmetric_from_last);
}

TEST_CASE("mirrors, stripes and volume sets read as FTDISK makes them") {
    const Bytes volume = pattern(6 * unit);
    const auto part = [&](std::size_t begin, std::size_t length) {
        return Bytes(volume.begin() + static_cast<std::ptrdiff_t>(begin),
                     volume.begin() + static_cast<std::ptrdiff_t>(begin + length));
    };
    Members mirror{std::make_shared<BadSectors>(volume, 512, 1024), memory(volume)};
    CHECK(read_all(*make_mirror(mirror)) == volume);
    mirror[0] = nullptr;
    CHECK(read_all(*make_mirror(mirror)) == volume);

    std::vector<Bytes> stripe(2);
    for (std::size_t i = 0; i < 6; ++i) {
        const Bytes bytes = part(i * unit, unit);
        stripe[i % 2].insert(stripe[i % 2].end(), bytes.begin(), bytes.end());
    }
    CHECK(read_all(*make_stripe(devices(stripe))) == volume);
    CHECK_THROWS_WITH(make_stripe({memory(volume), nullptr}), Catch::Contains("missing"));

    CHECK(read_all(*make_volume_set(
              devices({part(0, 1000), part(1000, 70'000), part(71'000, 6 * unit - 71'000)}))) == volume);
    CHECK_FALSE(make_mirror({memory(volume)})->writable());
}

TEST_CASE("sets are put together from several disks by signature and offset") {
    if (!have_program("mkntfs"))
        NTFERRY_SKIP("mkntfs is not installed");
    Bytes volume = ntfs_volume();
    volume.resize(volume.size() / (6 * unit) * (6 * unit) + 6 * unit);
    const std::vector<Bytes> members = split(volume, drawings[0].second);
    DiskInformation information;
    std::vector<Disk> disks;
    for (std::uint16_t m = 0; m < 3; ++m) {
        const std::uint32_t signature = 0x1000U + m;
        information.disks.push_back(
            {signature, {member_record(SetType::stripe_with_parity, m, 63 * 512, members[m].size())}});
        disks.push_back(disk_with(members[m], signature, 0x87));
    }
    std::swap(disks[0], disks[2]); // the order of the sources does not matter
    const auto sets = find_sets(parse_disk_information(serialise(information)));
    REQUIRE(sets.size() == 1);
    CHECK(sets[0].letter == 'E');
    {
        const AssembledSet set = assemble(sets[0], disks);
        CHECK(open_filesystem(set.device)->read_file("\\dir3\\file7") == pattern(3000, 7));
    }
    disks.erase(disks.begin() + 1);
    const AssembledSet degraded = assemble(sets[0], disks);
    CHECK(open_filesystem(degraded.device)->read_file("\\dir5\\file39") == pattern(3000, 39));
    CHECK_THAT(degraded.notes.at(0), Catch::Contains("member 2") && Catch::Contains("00001001"));
    disks.pop_back();
    CHECK_THROWS_WITH(assemble(sets[0], disks), Catch::Contains("2 of 3 members are missing"));
}

TEST_CASE("mirrors leave an orphaned member out") {
    DiskInformation information;
    information.disks.push_back({1, {member_record(SetType::mirror, 0, 63 * 512, unit)}});
    information.disks.push_back({2, {member_record(SetType::mirror, 1, 63 * 512, unit)}});
    information.disks[0].partitions[0].state = MemberState::orphaned;
    const std::vector<Disk> disks{disk_with(pattern(unit, 1), 1, 0x86), disk_with(pattern(unit, 2), 2, 0x86)};
    const AssembledSet set = assemble(find_sets(information).at(0), disks);
    CHECK(read_all(*set.device) == pattern(unit, 2));
    CHECK_THAT(set.notes.at(0), Catch::Contains("left out"));
}
