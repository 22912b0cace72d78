// DISK\Information and drive letters.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/volume/ft/drive_letters.hpp"

#include "tests/volume/devices.hpp"

#include <catch2/catch.hpp>

using namespace ntferry;
using namespace ntferry::volume;
using namespace ntferry::volume::ft;
using namespace ntferry::test;

namespace {

/// One disk with signature 12345678 and two partitions, the first C: and member 0 of mirror 1; bytes laid out
/// by hand from the published layout.
Bytes golden() {
    Bytes v(0x30 + 4 + 8 + 2 * 52 + 4 + 12 + 16);
    const auto put16 = [&](std::size_t at, std::uint16_t value) { store_le(v, at, value); };
    const auto put32 = [&](std::size_t at, std::uint32_t value) { store_le(v, at, value); };
    const auto put64 = [&](std::size_t at, std::uint64_t value) { store_le(v, at, value); };
    put32(0, 3);
    v[8] = 1;
    put32(12, 0x30);
    put32(16, 4 + 8 + 104);
    put32(20, 0x30 + 116);
    put32(24, 4 + 12 + 16);
    put16(0x30, 1);
    put16(0x34, 2);
    put32(0x38, 0x12345678);
    std::size_t p = 0x3C;
    put32(p, 0);
    put64(p + 8, 32256);
    put64(p + 16, 1'000'000'512);
    put64(p + 24, 1'000'000'512);
    v[p + 40] = 'C';
    v[p + 41] = 1;
    put16(p + 42, 1);
    put16(p + 44, 1);
    p += 52;
    put32(p, 4);
    put64(p + 8, 2'000'000'000);
    put64(p + 16, 500'000'000);
    v[p + 40] = ' ';
    put16(p + 42, 2);
    put16(p + 44, 0xFFFF);
    p += 52;
    put16(p, 1);
    put16(p + 4, 1);
    put32(p + 4 + 8, 1);
    put32(p + 16 + 4, 0x12345678);
    put32(p + 16 + 8, 0x3C);
    put32(p + 16 + 12, 1);
    return v;
}

Disk make_disk(std::uint32_t signature, const std::vector<Partition>& partitions) {
    Disk disk;
    disk.device = std::make_shared<MemoryDevice>(Bytes(512));
    disk.layout.signature = signature;
    unsigned number = 1;
    for (Partition p : partitions) {
        p.index = static_cast<unsigned>(disk.layout.partitions.size());
        if (p.type != type_extended)
            p.arc_number = number++;
        disk.layout.partitions.push_back(p);
    }
    return disk;
}

Partition part(std::uint8_t type, std::uint64_t lba, bool logical = false, bool active = false) {
    Partition p;
    p.type = type;
    p.start_lba = lba;
    p.sectors = 1000;
    p.logical = logical;
    p.active = active;
    return p;
}

/// "C=0.1 D=1.0": letter, disk, partition; "cd0", "set0".
std::string text(const std::vector<DriveLetter>& letters) {
    std::string out;
    for (const DriveLetter& l : letters) {
        out += (out.empty() ? "" : " ") + std::string(1, l.letter) + "=";
        if (l.kind == DriveLetter::Kind::cdrom)
            out += "cd" + std::to_string(l.cdrom);
        else if (l.kind == DriveLetter::Kind::set)
            out += "set" + std::to_string(l.set);
        else
            out += std::to_string(l.disk) + "." + std::to_string(l.partition);
    }
    return out;
}

} // namespace

TEST_CASE("DISK\\Information: the value of a mirrored disk is understood field by field") {
    const DiskInformation info = parse_disk_information(golden());
    CHECK(info.problems.empty());
    CHECK(info.dirty_shutdown);
    REQUIRE(info.disks.size() == 1);
    CHECK(info.disks[0].signature == 0x12345678);
    REQUIRE(info.disks[0].partitions.size() == 2);
    const PartitionRecord& c = info.disks[0].partitions[0];
    CHECK(c.start == 32256);
    CHECK(c.length == 1'000'000'512);
    CHECK(c.letter == 'C');
    CHECK(c.assign_letter);
    CHECK(c.is_member());
    CHECK(c.set_type == SetType::mirror);
    const PartitionRecord& plain = info.disks[0].partitions[1];
    CHECK(plain.letter == 0);
    CHECK_FALSE(plain.assign_letter);
    CHECK_FALSE(plain.is_member());
    REQUIRE(info.sets.size() == 1);
    CHECK(info.sets[0].volume_state == 1);
    CHECK(info.sets[0].members.at(0).signature == 0x12345678);
    CHECK(info.sets[0].members.at(0).partition_offset == 0x3C);
}

TEST_CASE("DISK\\Information: what is written reads back the same, byte for byte") {
    Bytes value = golden();
    value[0x3C + 52 + 40] = 0; // a blank letter is written as none
    CHECK(serialise(parse_disk_information(value)) == value);
}

TEST_CASE("DISK\\Information: truncated at any byte it is an error or says what is missing") {
    const Bytes value = golden();
    for (std::size_t length = 0; length < value.size(); ++length) {
        const ByteView part_of(value.data(), length);
        if (length < 0x2C)
            CHECK_THROWS_AS(parse_disk_information(part_of), Error);
        else
            CHECK_FALSE(parse_disk_information(part_of).problems.empty());
    }
}

TEST_CASE("DISK\\Information: letters are pinned and mirrors broken") {
    DiskInformation info = parse_disk_information(golden());
    pin_letter(info, 0x12345678, 2'000'000'000, 500'000'000, 'F');
    pin_letter(info, 0xABCD, 32256, 1024, 'G');
    remove_set(info, SetType::mirror, 1);
    info = parse_disk_information(serialise(info));
    CHECK(info.find(0x12345678, 2'000'000'000)->letter == 'F');
    CHECK(info.find(0xABCD, 32256)->letter == 'G');
    CHECK(info.find(0xABCD, 32256)->length == 1024);
    CHECK_FALSE(info.find(0x12345678, 32256)->is_member());
    CHECK(info.find(0x12345678, 32256)->letter == 'C');
    CHECK(info.sets.empty());
}

TEST_CASE("letters: without DISK\\Information they follow the DOS-like rule") {
    LetterInput input;
    input.disks.push_back(make_disk(1, {part(0x12, 63), part(7, 2000, false, true), part(6, 4000),
                                        part(5, 6000), part(6, 6063, true), part(7, 8063, true)}));
    input.disks.push_back(make_disk(2, {part(6, 63), part(5, 2000), part(6, 2063, true)}));
    input.cdroms = 2;
    CHECK(text(derive_letters(input)) == "C=0.1 D=1.0 E=0.4 F=0.5 G=1.2 H=0.2 I=cd0 J=cd1");
}

TEST_CASE("letters: the examples of Microsoft's own articles") {
    // KB Q101703: two disks of two partitions, the second of the first NTFS. NT gives C E / D F, DOS C - / D
    // E.
    const bool logical = GENERATE(false, true);
    LetterInput input;
    for (const std::uint8_t second : {std::uint8_t{7}, std::uint8_t{6}}) {
        std::vector<Partition> partitions{part(6, 63, false, second == 7)};
        if (logical)
            partitions.push_back(part(5, 4000));
        partitions.push_back(part(second, logical ? 4063 : 4000, logical));
        input.disks.push_back(make_disk(second, partitions));
    }
    CHECK(text(derive_letters(input)) == (logical ? "C=0.0 D=1.0 E=0.2 F=1.2" : "C=0.0 D=1.0 E=0.1 F=1.1"));
}

TEST_CASE("letters: the rules of KB Q93373, one by one") {
    LetterInput input;
    // "If there is a primary partition on the first hard drive marked as active, it gets the first drive
    // letter."
    input.disks.push_back(make_disk(1, {part(6, 63), part(7, 4000, false, true)}));
    CHECK(text(derive_letters(input)) == "C=0.1 D=0.0");
    // "Otherwise, the first drive letter is assigned to the first recognized primary partition"; "repeated
    // for all hard drives".
    input.disks.push_back(make_disk(2, {part(0x83, 63), part(6, 4000), part(7, 8000)}));
    CHECK(text(derive_letters(input)) == "C=0.1 D=1.1 E=0.0 F=1.2");
    // Then logical drives "starting with the first drive", then the remaining primaries.
    input.disks[0] = make_disk(1, {part(6, 63), part(7, 4000, false, true), part(5, 8000),
                                   part(6, 8063, true), part(0x0B, 9000, true)});
    input.disks[1] = make_disk(2, {part(6, 4000), part(7, 8000), part(5, 12000), part(7, 12063, true)});
    CHECK(text(derive_letters(input)) == "C=0.1 D=1.0 E=0.3 F=1.3 G=0.0 H=1.1");
}

TEST_CASE("letters: partitions that NT does not know and set members get none") {
    LetterInput input;
    input.disks.push_back(make_disk(1, {part(0x83, 63), part(0x0B, 2000), part(0x87, 4000), part(7, 6000)}));
    CHECK(text(derive_letters(input)) == "C=0.3");
}

TEST_CASE("letters: DISK\\Information wins, by signature and offset; the rest fills the gaps") {
    LetterInput input;
    input.disks.push_back(make_disk(1, {part(7, 63, false, true), part(7, 4000), part(6, 8000)}));
    input.disks.push_back(make_disk(2, {part(7, 63)}));
    input.cdroms = 1;
    input.information.emplace();
    pin_letter(*input.information, 1, 63 * 512, 512'000, 'D');
    pin_letter(*input.information, 1, 4000 * 512, 512'000, 'C');
    pin_letter(*input.information, 1, 8000 * 512, 512'000, 0); // the administrator wants none
    pin_letter(*input.information, 3, 63 * 512, 512'000, 'E'); // a disk that is not there keeps nothing
    CHECK(text(derive_letters(input)) == "C=0.1 D=0.0 E=1.0 F=cd0");
    input.device_letters["\\device\\CdRom0"] = "E:";
    CHECK(text(derive_letters(input)) == "C=0.1 D=0.0 E=cd0 F=1.0");
}

TEST_CASE("letters: a set has one letter") {
    LetterInput input;
    input.disks.push_back(make_disk(1, {part(7, 63, false, true), part(0x87, 4000)}));
    input.disks.push_back(make_disk(2, {part(0x87, 63)}));
    input.information.emplace();
    for (std::uint16_t m = 0; m < 2; ++m) {
        PartitionRecord record;
        record.set_type = SetType::volume_set;
        record.group = 3;
        record.member = m;
        record.start = (m == 0 ? 4000U : 63U) * 512U;
        record.letter = 'M';
        input.information->disks.push_back({m + 1U, {record}});
    }
    CHECK(text(derive_letters(input)) == "C=0.0 M=set0");
}
