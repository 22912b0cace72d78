// Which machines belong to a host.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/launch/registry.hpp"

#include "converter/base/error.hpp"
#include "migrate/launch/settings.hpp"
#include "tests/support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>

using namespace ntferry;
using launch::Registry;

namespace {

std::string make_bundle(const test::TempDir& dir, const std::string& name) {
    const std::string folder = dir / name;
    std::filesystem::create_directories(folder + "/state");
    std::ofstream(folder + "/machine.xml") << "<machine name='" << name << "'/>";
    return folder;
}

} // namespace

TEST_CASE("A name belongs to one bundle until that is gone or was moved away") {
    const test::TempDir dir;
    Registry registry(dir / "state");
    const std::string first = make_bundle(dir, "first");
    const std::string second = make_bundle(dir, "second");
    registry.add("PDC", first);
    registry.add("PDC", first + "/");
    CHECK_THROWS_AS(registry.add("PDC", second), Error);
    CHECK(registry.bundle_of("PDC") == first);
    SECTION("moved away") {
        launch::mark_moved(first, {"host", "folder", "ntferry"});
    }
    SECTION("gone") {
        std::filesystem::remove_all(first);
    }
    registry.add("PDC", second);
    REQUIRE(registry.machines().size() == 1);
    CHECK(registry.machines()[0].bundle == second);
}
