// What the wizard reads of its host, and the draft file.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/base/error.hpp"
#include "migrate/wizard/draft.hpp"
#include "migrate/wizard/host.hpp"
#include "tests/support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>

using namespace ntferry;
using namespace ntferry::wizard;
namespace fs = std::filesystem;

namespace {

void put(const std::string& path, const std::string& text) {
    fs::create_directories(fs::path(path).parent_path());
    std::ofstream(path) << text;
}

} // namespace

TEST_CASE("Disks come from sysfs with model and size; what is no server's disk is left out") {
    const ntferry::test::TempDir dir;
    put(dir / "sys/block/sdb/size", "35564768\n");
    put(dir / "sys/block/sdb/device/model", "BD018734A4      \n");
    put(dir / "sys/block/sdb/device/vendor", "COMPAQ  \n");
    put(dir / "sys/block/sdb/removable", "0\n");
    put(dir / "sys/block/sdb/sdb1/partition", "1\n");
    put(dir / "sys/block/sdb/sdb2/partition", "2\n");
    put(dir / "sys/block/sda/size", "100\n");
    put(dir / "sys/block/sda/device/vendor", "ATA     \n");
    put(dir / "sys/block/sda/device/model", "Old\x1b[31m Disk\n");
    for (const char* name : {"loop0", "sr0", "zram0", "dm-0", "ram1", "fd0"})
        put(dir / ("sys/block/" + std::string(name) + "/size"), "1000\n");
    put(dir / "sys/block/sdc/size", "0\n"); // a card reader without a card
    const auto disks = LocalHost(dir.path().string()).disks();
    REQUIRE(disks.size() == 2);
    CHECK(disks[0].path == "/dev/sda");
    CHECK(disks[0].model == "Old.[31m Disk");
    CHECK(disks[1].model == "COMPAQ BD018734A4");
    CHECK(disks[1].bytes == 18209161216);
    CHECK(disks[1].partitions == 2);
}

TEST_CASE("Folders are listed first, hidden names and sockets are not") {
    const ntferry::test::TempDir dir;
    put(dir / "b.img", "123");
    put(dir / ".hidden", "");
    put(dir / "folder/x", "");
    const LocalHost host;
    const auto files = host.list(dir.path().string());
    REQUIRE(files.size() == 2);
    CHECK(files[0].name == "folder");
    CHECK(files[1].bytes == 3);
    CHECK_THROWS_AS(host.list(dir / "none"), Error);
}

TEST_CASE("A target is free, begun, occupied, or cannot be made") {
    const ntferry::test::TempDir dir;
    const LocalHost host;
    CHECK(host.target(dir / "new") == TargetState::free);
    CHECK(host.target(dir / "new/below") == TargetState::free);
    fs::create_directories(dir / "empty");
    CHECK(host.target(dir / "empty") == TargetState::free);
    put(dir / "full/x", "");
    CHECK(host.target(dir / "full") == TargetState::occupied);
    CHECK(host.target(dir / "full/x") == TargetState::occupied);
    CHECK(host.target(dir / "full/x/y") == TargetState::no_folder);
    put(dir / "begun/state/convert.json", "{}");
    CHECK(host.target(dir / "begun") == TargetState::begun);
    CHECK(host.free_bytes(dir / "new/below").value_or(0) > 0);
}

TEST_CASE("A draft keeps every answer, for its owner only, and foreign files are refused") {
    const ntferry::test::TempDir dir;
    const std::string path = dir / "state/ntferry/wizard.json";
    CHECK_FALSE(load_draft(path).has_value());
    Answers answers;
    answers.sources = {"/dev/sdb", "ssh://a/dev/sda"};
    answers.media = {"/cd"};
    answers.decisions = {{"hal", "keep"}};
    answers.network = "bridge:tap0";
    answers.memory = std::uint64_t{64} << 20U;
    answers.bundle = "/srv/x y";
    answers.trial = false;
    answers.begun = true;
    save_draft(path, answers);
    CHECK(load_draft(path) == answers);
    CHECK((fs::status(path).permissions() & fs::perms::all) == fs::perms(0600));
    CHECK(command_line(answers) == "ntferry convert /dev/sdb --disk ssh://a/dev/sda -o '/srv/x y' --drivers "
                                   "/cd --decide hal=keep --network "
                                   "bridge:tap0 --memory 64M --no-boot --yes");
    for (const char* text :
         {"", "{", "[]", "{\"format\":\"x\"}", "{\"format\":\"ntferry.wizard-draft\",\"version\":2}",
          "{\"format\":\"ntferry.wizard-draft\",\"version\":1,\"sources\":7}"}) {
        put(path, text);
        CHECK_THROWS_AS(load_draft(path), Error);
    }
    remove_draft(path);
    CHECK_FALSE(load_draft(path).has_value());
}
