// The journal of a conversion, cut off at any moment.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/bundle/journal.hpp"

#include "converter/base/error.hpp"
#include "tests/support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <optional>

using namespace ntferry;
using bundle::Journal;
namespace fs = std::filesystem;

namespace {

/// What a kill inside Journal::begin leaves, step by step.
void leave_skeleton(const std::string& folder, int steps) {
    if (steps > 0)
        fs::create_directories(folder + "/disks");
    if (steps > 1)
        fs::create_directories(folder + "/logs");
    if (steps > 2)
        fs::create_directories(folder + "/state");
    if (steps > 3)
        std::ofstream(folder + "/state/convert.json.new") << "{\"format\":";
}

} // namespace

TEST_CASE("A kill while a conversion begins leaves a folder that is begun anew, with --resume or without") {
    const int steps = GENERATE(0, 1, 2, 3, 4);
    const bool resume = GENERATE(false, true);
    CAPTURE(steps, resume);
    const test::TempDir dir;
    const std::string folder = dir / "bundle";
    leave_skeleton(folder, steps);
    if (resume && steps == 0) {
        CHECK_THROWS_AS(Journal::resume(folder, {"disk"}, "nt4"), Error);
        return;
    }
    {
        Journal journal =
            resume ? Journal::resume(folder, {"disk"}, "nt4") : Journal::begin(folder, {"disk"}, "nt4");
        CHECK_FALSE(journal.done("capture.0"));
        journal.mark("capture.0");
    }
    CHECK(Journal::resume(folder, {"disk"}, "nt4").done("capture.0"));
}

TEST_CASE("A folder with anything of somebody else's in it is not begun") {
    const std::string file = GENERATE("disks/disk0.vhd", "notes.txt", "state/other.json", "mine/x");
    const test::TempDir dir;
    const std::string folder = dir / "bundle";
    leave_skeleton(folder, 3);
    fs::create_directories(fs::path(folder + "/" + file).parent_path());
    std::ofstream(folder + "/" + file) << "x";
    CHECK_THROWS_AS(Journal::begin(folder, {"disk"}, "nt4"), Error);
    CHECK_THROWS_AS(Journal::resume(folder, {"disk"}, "nt4"), Error);
    CHECK(fs::exists(folder + "/" + file));
}

TEST_CASE("Two conversions never work in one folder") {
    const test::TempDir dir;
    const std::string folder = dir / "bundle";
    std::optional<Journal> first = Journal::begin(folder, {"disk"}, "nt4");
    try {
        Journal::resume(folder, {"disk"}, "nt4");
        FAIL("resumed beside the one that is at work");
    } catch (const Error& error) {
        CHECK(error.kind() == ErrorKind::decision);
    }
    first.reset();
    CHECK_NOTHROW(Journal::resume(folder, {"disk"}, "nt4"));
}
