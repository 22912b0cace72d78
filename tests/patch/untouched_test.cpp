// The check that patching changed nothing but what the plan says: a patched disk passes, each stray change is
// found.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/block/open.hpp"
#include "converter/patch/untouched.hpp"
#include "tests/patch/scenario.hpp"
#include "tests/support/lookalike.hpp"
#include "tests/support/skip.hpp"

#include <catch2/catch.hpp>

#include <functional>

using namespace ntferry;
using namespace ntferry::patch;
using test::Scenario;

namespace {

Volumes open_volumes(const Scenario& scenario, bool patched, bool writable = false) {
    std::vector<block::SharedBlockDevice> disks;
    for (std::size_t i = 0; i < scenario.workspace().disks.size(); ++i)
        disks.emplace_back(
            block::open_disk(patched ? scenario.workspace().current(i) : scenario.workspace().disks[i].base,
                             {.access = writable ? block::Access::read_write : block::Access::read_only}));
    return Volumes(std::move(disks), {.writable = writable, .allow_dirty = true});
}

std::vector<std::string> verdict(const Scenario& scenario, const Plan& plan) {
    Volumes before = open_volumes(scenario, false);
    Volumes after = open_volumes(scenario, true);
    return verify_untouched(plan, before, after);
}

struct Stray {
    const char* name;
    std::function<void(Volumes&, const VolumeRef&)> change;
    const char* says;
};

/// An offset of the volume that no file owns.
std::uint64_t free_place(volume::FileSystem& files) {
    std::uint64_t end = 0;
    std::uint64_t found = 0;
    files.used_ranges([&](std::uint64_t begin, std::uint64_t length) {
        if (begin > end && end > 0 && found == 0)
            found = end;
        end = begin + length;
    });
    return found;
}

std::vector<Stray> strays() {
    return {
        {"boot code",
         [](Volumes& v, const VolumeRef&) {
             v.disk(0).write(100, Bytes{1, 2, 3});
         },
         "disk 0, sector 0: it lies in no volume"},
        {"boot sector", [](Volumes& v, const VolumeRef& at) { v.disk(0).write(at.start + 0x1C, Bytes(1)); },
         "$Boot"},
        {"free cluster",
         [](Volumes& v, const VolumeRef& at) {
             v.disk(0).write(at.start + free_place(v.files(at)), Bytes(4, 9));
         },
         "belongs to no file"},
        {"content of another file",
         [](Volumes& v, const VolumeRef& at) {
             v.files(at).write_at("\\WINNT\\system32\\kernel32.dll", 700, Bytes(4, 9));
             v.sync();
         },
         "kernel32.dll"},
        {"a new file",
         [](Volumes& v, const VolumeRef& at) {
             v.files(at).write_file("\\WINNT\\system32\\drivers\\new.sys", Bytes(10, 9));
             v.sync();
         },
         "new.sys"},
        {"a file that is gone",
         [](Volumes& v, const VolumeRef& at) {
             v.files(at).remove("\\WINNT\\system32\\drivers\\beep.sys");
             v.sync();
         },
         "beep.sys"},
        {"attributes of another file",
         [](Volumes& v, const VolumeRef& at) {
             v.files(at).set_attributes("\\ntldr", 0);
             v.sync();
         },
         "NTLDR"},
        {"a file far from the plan's folders",
         [](Volumes& v, const VolumeRef& at) {
             v.files(at).make_directory("\\WINNT\\system32\\spool9");
             v.files(at).write_file("\\WINNT\\system32\\spool9\\x", Bytes(10, 9));
             v.sync();
         },
         "spool9"},
    };
}

} // namespace

TEST_CASE("a stray change anywhere on a patched disk is found") {
    if (const auto missing = test::lookalike_missing(); !missing.empty())
        NTFERRY_SKIP(missing);
    const Scenario scenario("scsi-ntfs");
    const Plan plan = scenario.plan();
    SilentProgress progress;
    const ApplyResult result = apply(plan, scenario.workspace(), {}, progress);
    CHECK_THAT(result.verified.back(), Catch::Contains("no other cluster, record or entry has changed"));
    CHECK(verdict(scenario, plan).size() == 1);
    for (const Stray& stray : strays()) {
        INFO(stray.name);
        undo(scenario.workspace(), {.lose_changes = true});
        apply(plan, scenario.workspace(), {}, progress);
        {
            Volumes volumes = open_volumes(scenario, true, true);
            stray.change(volumes, plan.system.volume);
        }
        try {
            verdict(scenario, plan);
            FAIL_CHECK("was not found");
        } catch (const Error& error) {
            const std::string said = error.what();
            INFO(said);
            CHECK(said.find("not part of the plan") != std::string::npos);
            CHECK(said.find(stray.says) != std::string::npos);
        }
    }
}

TEST_CASE("on a FAT volume entries, tables and clusters are looked at too") {
    if (const auto missing = test::lookalike_missing(); !missing.empty())
        NTFERRY_SKIP(missing);
    const Scenario scenario("fat16-ntfs");
    const Plan plan = scenario.plan();
    SilentProgress progress;
    apply(plan, scenario.workspace(), {}, progress);
    CHECK(verdict(scenario, plan).size() == 1);
    const auto spoil = [&](const std::function<void(volume::FileSystem&)>& change) {
        undo(scenario.workspace(), {.lose_changes = true});
        apply(plan, scenario.workspace(), {}, progress);
        {
            Volumes volumes = open_volumes(scenario, true, true);
            change(volumes.files(scenario.subject()->system_volume()));
            volumes.sync();
        }
        CHECK_THROWS_WITH(verdict(scenario, plan), Catch::Contains("not part of the plan"));
    };
    spoil([](volume::FileSystem& files) { files.write_at("\\ntldr", 0, Bytes(4, 9)); });
    spoil([](volume::FileSystem& files) { files.write_file("\\new.txt", Bytes(4, 9)); });
    spoil([](volume::FileSystem& files) { files.set_attributes("\\ntdetect.com", 0); });
    spoil([](volume::FileSystem& files) { files.remove("\\ntdetect.com"); });
}
