// Geometry recovery: real translations, saturated entries, tables that lie.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/volume/geometry.hpp"

#include <catch2/catch.hpp>

using namespace ntferry::volume;

namespace {

Chs chs_of(std::uint64_t lba, std::uint32_t heads, std::uint32_t sectors) {
    const std::uint64_t cylinder = lba / (std::uint64_t{heads} * sectors);
    if (cylinder > 1023)
        return {1023, static_cast<std::uint8_t>(heads - 1), static_cast<std::uint8_t>(sectors)};
    return {static_cast<std::uint16_t>(cylinder), static_cast<std::uint8_t>(lba / sectors % heads),
            static_cast<std::uint8_t>(lba % sectors + 1)};
}

void add(DiskLayout& layout, std::uint64_t start, std::uint64_t count, std::uint32_t heads,
         std::uint32_t sectors) {
    Partition p;
    p.index = static_cast<unsigned>(layout.partitions.size());
    p.type = 7;
    p.active = p.index == 0;
    p.start_lba = start;
    p.sectors = count;
    p.start_chs = chs_of(start, heads, sectors);
    p.end_chs = chs_of(start + count - 1, heads, sectors);
    layout.partitions.push_back(p);
}

PartitionBpb bpb(unsigned index, std::uint32_t heads, std::uint32_t sectors) {
    PartitionBpb entry;
    entry.partition = index;
    entry.bpb.heads = heads;
    entry.bpb.sectors_per_track = sectors;
    return entry;
}

} // namespace

TEST_CASE("geometry: every translation that controllers used is recovered from the table alone") {
    for (const auto& [heads, sectors] : {std::pair{240U, 63U},
                                         {255U, 63U},
                                         {64U, 32U},
                                         {128U, 32U},
                                         {255U, 32U},
                                         {16U, 63U},
                                         {15U, 63U},
                                         {128U, 63U},
                                         {64U, 63U},
                                         {32U, 63U}}) {
        CAPTURE(heads, sectors);
        DiskLayout layout;
        layout.disk_sectors = std::uint64_t{900} * heads * sectors;
        const std::uint64_t cylinder = std::uint64_t{heads} * sectors;
        add(layout, sectors, cylinder * 300 - sectors, heads, sectors);
        add(layout, cylinder * 300, cylinder * 500, heads, sectors);
        const Geometry geometry = recover_geometry(layout, {});
        CHECK(geometry.heads == heads);
        CHECK(geometry.sectors == sectors);
        CHECK(geometry.cylinders == 900);
        CHECK(geometry.confidence == GeometryConfidence::likely);
        CHECK(geometry.contradictions.empty());
    }
}

TEST_CASE("geometry: BPB and table together are certain") {
    DiskLayout layout;
    layout.disk_sectors = 240U * 63 * 1200;
    add(layout, 63, 240U * 63 * 400 - 63, 240, 63);
    const Geometry geometry = recover_geometry(layout, {bpb(0, 240, 63)});
    CHECK(geometry.heads == 240);
    CHECK(geometry.cylinders == 1024);
    CHECK(geometry.confidence == GeometryConfidence::certain);
}

TEST_CASE("geometry: saturated entries do not vote against the BPB") {
    DiskLayout layout;
    layout.disk_sectors = 40'000'000;
    add(layout, 63, 39'000'000, 255, 63);
    REQUIRE(layout.partitions[0].end_chs == Chs{1023, 254, 63});
    const Geometry geometry = recover_geometry(layout, {bpb(0, 240, 63)});
    CHECK(geometry.heads == 240);
    CHECK(geometry.contradictions.empty());
}

TEST_CASE("geometry: a BPB that contradicts the table is told with its evidence") {
    DiskLayout layout;
    layout.disk_sectors = 255U * 63 * 900;
    add(layout, 63, 255U * 63 * 400 - 63, 255, 63);
    add(layout, 255U * 63 * 400, 255U * 63 * 100, 255, 63);
    const Geometry geometry = recover_geometry(layout, {bpb(1, 16, 63)});
    CHECK(geometry.heads == 255);
    REQUIRE(geometry.contradictions.size() == 1);
    CHECK(geometry.contradictions[0] == "partition 2: BPB says 16 heads, 63 sectors");
    CHECK(geometry.confidence == GeometryConfidence::likely);
}

TEST_CASE("geometry: an empty disk gets the usual one and says that it is a guess") {
    DiskLayout layout;
    layout.disk_sectors = 8'388'608;
    const Geometry geometry = recover_geometry(layout, {});
    CHECK(geometry.heads == 255);
    CHECK(geometry.sectors == 63);
    CHECK(geometry.confidence == GeometryConfidence::none);
}
