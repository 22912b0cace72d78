// A machine's control group: in a folder that stands for the tree, and in a real one where there is one.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/base/error.hpp"
#include "tests/support/run.hpp"
#include "tests/support/skip.hpp"
#include "tests/support/temp_dir.hpp"
#include "vmm/machine/machine_group.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <chrono>
#include <ctime>
#include <filesystem>
#include <fstream>

#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

using namespace ntferry;
using namespace ntferry::vmm;

namespace {

constexpr std::uint64_t RAM = 64U << 20U;

/// Files that look like a cgroup v2 tree. A real one makes a group's files with its folder; here they are
/// there before.
struct Tree {
    explicit Tree(const std::string& controllers = "cpuset cpu io memory pids") {
        put("cgroup.controllers", controllers);
        put("cgroup.subtree_control", controllers);
        put("cgroup.procs", "");
        places.folder = folder.path().string();
        places.host_processors = 2;
    }
    void put(const std::string& name, const std::string& text) const {
        std::filesystem::create_directories((folder.path() / name).parent_path());
        std::ofstream(folder.path() / name) << text;
    }
    std::string get(const std::string& name) const {
        std::ifstream in(folder.path() / name);
        std::string line;
        std::getline(in, line);
        return line;
    }
    void group(const std::string& name) const {
        for (const char* file : {"cpu.weight", "cpu.max", "memory.max", "cgroup.procs"})
            put(name + "/" + file, "");
        put(name + "/cpu.weight", "100\n");
    }
    test::TempDir folder;
    GroupPlaces places;
};

bool keeps_attributes(const std::string& path) {
    return ::setxattr(path.c_str(), "user.ntferry.test", "1", 1, 0) == 0;
}

} // namespace

TEST_CASE("a machine's limits are written into a group of its own") {
    const Tree tree;
    tree.group("ntferry-box");
    profiles::ResourceSpec wanted;
    wanted.cpu_weight = 250;
    wanted.cpu_cap_percent = 50;
    wanted.memory_ceiling = 200U << 20U;
    MachineGroup group("box", wanted, RAM, tree.places);
    CHECK(tree.get("ntferry-box/cpu.weight") == "250");
    CHECK(tree.get("ntferry-box/cpu.max") == "50000 100000");
    CHECK(tree.get("ntferry-box/memory.max") == std::to_string(200U << 20U));
    CHECK(tree.get("ntferry-box/cgroup.procs").empty());
    group.enter();
    CHECK(tree.get("ntferry-box/cgroup.procs") == "0");
    CHECK(group.missing().empty());
    CHECK_THAT(group.describe(), Catch::Contains("cpu weight: 250\n") &&
                                     Catch::Contains("cpu cap: 50 % of a processor\n") &&
                                     Catch::Contains("memory ceiling: 200M\n"));
    CHECK(group.made() == tree.folder / "ntferry-box");
}

TEST_CASE("without a word about it a machine may have its RAM and an allowance of memory") {
    const Tree tree;
    tree.group("ntferry-box");
    const MachineGroup group("box", {}, RAM, tree.places);
    CHECK(tree.get("ntferry-box/memory.max") == std::to_string(RAM + (128U << 20U)));
    CHECK(tree.get("ntferry-box/cpu.max").empty());
}

TEST_CASE("limits that cannot be are refused and those that the host has not got are named") {
    const Tree tree("memory pids");
    tree.group("ntferry-box");
    profiles::ResourceSpec wanted;
    wanted.memory_ceiling = RAM;
    CHECK_THROWS_WITH(MachineGroup("box", wanted, RAM, tree.places),
                      Catch::Contains("too little for a guest with 64M; 96M at least"));
    wanted = {};
    wanted.cpu_cap_percent = 20;
    wanted.cpu_reserve_percent = 30;
    CHECK_THROWS_AS(MachineGroup("box", wanted, RAM, tree.places), Error);
    wanted = {};
    wanted.cpu_cap_percent = 20;
    std::filesystem::remove(tree.folder / "ntferry-box/cpu.max");
    const MachineGroup group("box", wanted, RAM, tree.places);
    CHECK_THAT(group.missing(),
               Catch::Contains("not in force: cpu cap: ") && Catch::Contains("has no cpu.max"));
    GroupPlaces none = tree.places;
    none.folder = tree.folder / "nowhere";
    CHECK_THROWS_AS(MachineGroup("box", wanted, RAM, none), Error);
}

TEST_CASE("a group that was not delegated is left alone and the sentence says what to do") {
    const Tree tree;
    GroupPlaces places;
    places.own = tree.folder / "own";
    places.mounts = tree.folder / "mounts";
    tree.put("own", "1:name=x:/\n0::/user.slice/session-3.scope\n");
    tree.put("mounts", fmt::format("30 20 0:26 / {} rw - cgroup2 cgroup2 rw\n", tree.folder.path().string()));
    tree.put("user.slice/session-3.scope/cgroup.controllers", "cpu memory");
    profiles::ResourceSpec wanted;
    wanted.cpu_cap_percent = 20;
    const MachineGroup group("box", wanted, RAM, places);
    CHECK(group.made().empty());
    CHECK_THAT(group.missing(), Catch::Contains("session-3.scope was not delegated") &&
                                    Catch::Contains("systemd-run --scope -p Delegate=yes"));
    tree.put("own", "1:name=x:/\n");
    CHECK_THAT(MachineGroup("box", wanted, RAM, places).missing(),
               Catch::Contains("this host has no cgroup v2"));
    CHECK(MachineGroup("box", {}, RAM, places).missing().empty()); // nobody asked
}

TEST_CASE("in its service a machine's limits are systemd's to set") {
    const Tree tree;
    GroupPlaces places;
    places.own = tree.folder / "own";
    places.mounts = tree.folder / "mounts";
    places.systemctl = tree.folder / "systemctl";
    tree.put("own", "0::/system.slice/system-ntferry.slice/ntferry@box.service\n");
    tree.put("mounts", fmt::format("30 20 0:26 / {} rw - cgroup2 cgroup2 rw\n", tree.folder.path().string()));
    tree.put("system.slice/system-ntferry.slice/ntferry@box.service/cpu.weight", "100\n");
    tree.put("systemctl", fmt::format("#!/bin/sh\necho \"$@\" >>{}\n", tree.folder / "called"));
    std::filesystem::permissions(tree.folder / "systemctl", std::filesystem::perms::owner_all);
    profiles::ResourceSpec wanted;
    wanted.cpu_cap_percent = 20;
    wanted.cpu_weight = 300;
    const MachineGroup group("box", wanted, RAM, places);
    CHECK(group.missing().empty());
    std::ifstream in(tree.folder / "called");
    const std::string called{std::istreambuf_iterator<char>(in), {}};
    CHECK_THAT(called, Catch::Contains("set-property --runtime ntferry@box.service CPUWeight=300\n") &&
                           Catch::Contains("ntferry@box.service CPUQuota=20%\n") &&
                           Catch::Contains(fmt::format("MemoryMax={}\n", RAM + (128U << 20U))));
}

TEST_CASE("weights give every machine its reservation and a share of the rest") {
    using Claims = std::vector<MachineGroup::Claim>;
    CHECK(MachineGroup::weights_for(Claims{{100, 0}, {200, 0}}, 100, 2) == std::vector<unsigned>{100, 200});
    // Whatever the others weigh, 100 % of two processors is half of all.
    for (const unsigned others : {0U, 100U, 900U}) {
        const auto weights = MachineGroup::weights_for(Claims{{100, 100}, {400, 0}}, others, 2);
        const double all = weights[0] + weights[1] + others;
        CHECK(weights[0] / all >= 0.5);
        CHECK(weights[1] == 400);
    }
    CHECK(MachineGroup::weights_for(Claims{{100, 200}}, 100, 2)[0] == 10000); // everything
}

TEST_CASE("a reservation counts for machines that start later and is refused when the host has not got it") {
    const Tree tree;
    if (!keeps_attributes(tree.folder.path().string()))
        NTFERRY_SKIP("this file system keeps no extended attributes");
    tree.group("ntferry-first");
    profiles::ResourceSpec reserved;
    reserved.cpu_reserve_percent = 100;
    const MachineGroup first("first", reserved, RAM, tree.places);
    CHECK(tree.get("ntferry-first/cpu.weight") == "200"); // 100 and as much for its half of the host
    tree.put("ntferry-first/cgroup.procs", "4711");
    tree.group("ntferry-second");
    const MachineGroup second("second", {}, RAM, tree.places);
    CHECK(tree.get("ntferry-first/cpu.weight") == "300");
    CHECK(tree.get("ntferry-second/cpu.weight") == "100");
    tree.group("ntferry-third");
    reserved.cpu_reserve_percent = 101;
    CHECK_THROWS_WITH(MachineGroup("third", reserved, RAM, tree.places),
                      Catch::Contains("running machines have reserved 100 of 200 %"));
}

TEST_CASE("a real control group holds a busy process back", "[cgroup]") {
    const test::TempDir folder;
    const std::string tree = folder / "tree";
    std::filesystem::create_directory(tree);
    if (test::run_shell("mount -t cgroup2 none " + tree).exit_code != 0)
        NTFERRY_SKIP("cannot mount a cgroup v2 tree here");
    struct Unmount {
        std::string path;
        ~Unmount() { test::run_shell("umount -l " + path); }
    } const unmount{tree};
    std::ifstream in(tree + "/cgroup.controllers");
    std::string controllers;
    std::getline(in, controllers);
    if (controllers.find("cpu") == std::string::npos || controllers.find("memory") == std::string::npos)
        NTFERRY_SKIP("this host's cgroup v2 tree has no cpu and memory controllers");
    profiles::ResourceSpec wanted;
    wanted.cpu_cap_percent = 20;
    wanted.cpu_weight = 50;
    GroupPlaces places;
    places.folder = tree;
    {
        MachineGroup group("busy", wanted, RAM, places);
        CHECK(group.missing().empty());
        const pid_t child = ::fork();
        if (child == 0) {
            group.enter();
            timespec wall{};
            timespec cpu{};
            ::clock_gettime(CLOCK_MONOTONIC, &wall);
            const auto end = wall.tv_sec + 3;
            while (wall.tv_sec < end)
                ::clock_gettime(CLOCK_MONOTONIC, &wall);
            ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
            ::_exit(static_cast<int>(cpu.tv_sec * 50 + cpu.tv_nsec / 20'000'000)); // fiftieths of a second
        }
        int status = 0;
        REQUIRE(::waitpid(child, &status, 0) == child);
        REQUIRE(WIFEXITED(status));
        CHECK(WEXITSTATUS(status) <=
              50); // a fifth of three seconds is 0.6; without the cap it would be 2 to 3
        std::ifstream max(group.made() + "/cpu.max");
        std::string line;
        std::getline(max, line);
        CHECK(line == "20000 100000");
    }
    CHECK_FALSE(std::filesystem::exists(tree + "/ntferry-busy"));
}
