// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/registry/recovery.hpp"

#include "converter/registry/diff.hpp"
#include "tests/registry/hive_maker.hpp"
#include "tests/support/run.hpp"
#include "tests/support/skip.hpp"

#include <filesystem>

using namespace ntferry;
using namespace ntferry::registry;

namespace {

/// A hive of the yarp collection, unpacked; empty when it is not there.
Bytes sample(const std::string& name) {
    const std::string path = test::sample_data_dir() + "/hives/" + name + ".xz";
    if (test::sample_data_dir().empty() || !std::filesystem::exists(path))
        return {};
    const std::string text = test::run_shell("xz -dc '" + path + "'").out;
    return Bytes(text.begin(), text.end());
}

/// A dirty primary and its log with one changed dword: bit and page built by hand, file type as NT 4.0
/// writes.
struct Dirty {
    Bytes primary = test::small_hive();
    Bytes log;
    Dirty() {
        Bytes next = primary;
        const Hive hive = Hive::open(primary, "x");
        for (std::size_t at = 4096; at + 4 < next.size(); ++at)
            if (std::memcmp(&next[at], "Start", 5) == 0) {
                next[at - 12] = 4; // the inline data of its vk cell
                break;
            }
        log.assign(next.begin(), next.begin() + 512);
        store_le<std::uint32_t>(log, 4, 10);
        store_le<std::uint32_t>(log, 8, 10);
        store_le<std::uint32_t>(log, 28, 2);
        store_le<std::uint32_t>(log, 508, base_block_checksum(log));
        log.resize(1024);
        std::memcpy(&log[512], "DIRT", 4);
        log[516] = 0x03; // the first two pages of the bin
        log.insert(log.end(), next.begin() + 4096, next.begin() + 4096 + 1024);
        store_le<std::uint32_t>(primary, 4, 10);
        store_le<std::uint32_t>(primary, 508, base_block_checksum(primary));
    }
};

} // namespace

TEST_CASE("a clean hive is taken as it is") {
    const Bytes hive = test::small_hive();
    const RecoveredHive recovered = recover_hive({hive, std::nullopt, std::nullopt}, "SYSTEM");
    CHECK(recovered.report.state == HiveState::clean);
    CHECK(recovered.image == hive);
}

TEST_CASE("a dirty hive is recovered from single 512-byte pages of an NT 4.0 log") {
    const Dirty dirty;
    const RecoveredHive recovered =
        recover_hive({dirty.primary, ByteView(dirty.log), std::nullopt}, "SOFTWARE");
    CHECK(recovered.report.state == HiveState::log_replayed);
    CHECK(recovered.report.pages_applied == 2);
    CHECK(Hive::open(recovered.image, "SOFTWARE").dword("Alpha", "Start") == 4U);
    const BaseBlock base = parse_base_block(recovered.image, "SOFTWARE");
    CHECK(base.checksum_good());
    CHECK(base.sequences_equal());
    CHECK(base.file_type == 0);
}

TEST_CASE("a log of another write is not applied") {
    Dirty dirty;
    dirty.log[12] ^= 1; // timestamp
    store_le<std::uint32_t>(dirty.log, 508, base_block_checksum(dirty.log));
    const RecoveredHive recovered =
        recover_hive({dirty.primary, ByteView(dirty.log), std::nullopt}, "SOFTWARE");
    CHECK(recovered.report.state == HiveState::dirty_as_is);
    CHECK(Hive::open(recovered.image, "SOFTWARE").dword("Alpha", "Start") == 3U);
}

TEST_CASE("a log that is cut short is not applied") {
    Dirty dirty;
    dirty.log.resize(dirty.log.size() - 1);
    CHECK(log_problem(dirty.log, parse_base_block(dirty.primary, "x"), dirty.primary)
              .value_or("")
              .find("cut") != std::string::npos);
}

TEST_CASE("SYSTEM.ALT stands in for a SYSTEM that is damaged") {
    Bytes primary = test::small_hive();
    const Bytes alternate = primary;
    primary[4096] = 'x';
    const RecoveredHive recovered = recover_hive({primary, std::nullopt, ByteView(alternate)}, "SYSTEM");
    CHECK(recovered.report.state == HiveState::alternate);
    CHECK(Hive::open(recovered.image, "SYSTEM").dword("Alpha", "Start") == 3U);
    CHECK_THROWS_WITH(recover_hive({primary, std::nullopt, std::nullopt}, "SYSTEM"),
                      Catch::Contains("damaged"));
}

TEST_CASE("a log of Windows 8.1 and later is named as such") {
    Dirty dirty;
    std::memcpy(&dirty.log[512], "HvLE", 4);
    CHECK(log_problem(dirty.log, parse_base_block(dirty.primary, "x"), dirty.primary)
              .value_or("")
              .find("HvLE") != std::string::npos);
}

TEST_CASE("yarp's dirty hive recovers to what Windows 7 made of it") {
    const Bytes primary = sample("OldDirtyHive");
    const Bytes log = sample("OldDirtyHive.LOG1");
    const Bytes expected = sample("RecoveredHive_Windows7");
    if (primary.empty() || log.empty() || expected.empty())
        NTFERRY_SKIP("the yarp hives are not here (NTFERRY_TEST_DATA)");
    const RecoveredHive recovered = recover_hive({primary, ByteView(log), std::nullopt}, "OldDirtyHive");
    REQUIRE(recovered.report.state == HiveState::log_replayed);
    const std::vector<HiveChange> changes =
        diff_hives(Hive::open(recovered.image, "ours"), Hive::open(expected, "Windows 7"));
    for (const HiveChange& change : changes)
        UNSCOPED_INFO(change.describe());
    CHECK(changes.empty());
    CHECK_FALSE(
        diff_hives(Hive::open(recover_hive({primary, std::nullopt, std::nullopt}, "p").image, "dirty"),
                   Hive::open(expected, "Windows 7"))
            .empty());
}

TEST_CASE("yarp's hive with a bad base block is recovered by the log's") {
    const Bytes primary = sample("BadBaseBlockHive");
    const Bytes log = sample("BadBaseBlockHive.LOG1");
    const Bytes expected = sample("RecoveredHive_Windows7");
    if (primary.empty() || log.empty() || expected.empty())
        NTFERRY_SKIP("the yarp hives are not here (NTFERRY_TEST_DATA)");
    const RecoveredHive recovered = recover_hive({primary, ByteView(log), std::nullopt}, "BadBaseBlockHive");
    CHECK(recovered.report.state == HiveState::log_replayed);
    CHECK(parse_base_block(recovered.image, "x").minor == 3);
    CHECK(diff_hives(Hive::open(recovered.image, "ours"), Hive::open(expected, "Windows 7")).empty());
}

TEST_CASE("yarp's bad log is refused and the dirty hive is read as it is") {
    const Bytes primary = sample("BadLogHive");
    const Bytes log = sample("BadLogHive.LOG1");
    if (primary.empty() || log.empty())
        NTFERRY_SKIP("the yarp hives are not here (NTFERRY_TEST_DATA)");
    const RecoveredHive recovered = recover_hive({primary, ByteView(log), std::nullopt}, "BadLogHive");
    CHECK(recovered.report.state == HiveState::dirty_as_is);
}

TEST_CASE("yarp's odd hives are read or refused with one line") {
    for (const char* name :
         {"StringValuesHive", "WrongOrderHive", "BogusKeyNamesHive", "ManySubkeysHive", "BigDataHive"}) {
        const Bytes image = sample(name);
        if (image.empty())
            NTFERRY_SKIP("the yarp hives are not here (NTFERRY_TEST_DATA)");
        std::size_t keys = 0;
        Hive::open(image, name).walk([&keys](const std::string&, const Key& key) {
            keys += 1 + 0 * key.values().size();
            return true;
        });
        INFO(name);
        CHECK(keys > 1);
    }
    CHECK_THROWS_WITH(recover_hive({sample("TruncatedHive"), std::nullopt, std::nullopt}, "TruncatedHive"),
                      Catch::Contains("truncated"));
}
