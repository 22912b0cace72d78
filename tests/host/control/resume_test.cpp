// ntferry resume: a saved machine of a bundle goes on, in the foreground and in the background.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/launch/registry.hpp"
#include "migrate/launch/settings.hpp"
#include "tests/host/control/guest_code.hpp"
#include "tests/host/control/running_machine.hpp"
#include "tests/support/skip.hpp"

#include <filesystem>

using namespace ntferry;
using test::ECHO_KEYS;
using test::RunningMachine;

namespace {

namespace fs = std::filesystem;

/// A bundle of a host of its own.
struct Host {
    Host() {
        fs::create_directories(bundle + "/state");
        machine.make_disk("payroll/disk.img", ECHO_KEYS, 1024);
        std::ofstream(bundle + "/machine.xml")
            << "<machine name=\"payroll\"><memory size=\"64M\"/><disk path=\"disk.img\"/></machine>";
        launch::LaunchSettings settings;
        settings.engine = "kvm";
        settings.restart = launch::Restart::no;
        launch::save_settings(bundle, settings);
        launch::Registry(machine.path("registry")).add("payroll", bundle);
    }
    ~Host() { ntferry("stop payroll --force"); }
    Host(const Host&) = delete;
    Host& operator=(const Host&) = delete;
    test::RunResult ntferry(const std::string& arguments) const {
        return test::run_shell(
            fmt::format("XDG_RUNTIME_DIR={0} NTFERRY_STATE={0}/registry PATH={1}/vmm:$PATH {2} {3}",
                        machine.folder().string(), NTFERRY_BINARY_DIR, test::NTFERRY, arguments));
    }
    bool shows(const std::string& text) const {
        for (int n = 0; n < 150; ++n) {
            if (ntferry("screenshot payroll --text").out.find(text) != std::string::npos)
                return true;
            std::this_thread::sleep_for(std::chrono::milliseconds(200));
        }
        return false;
    }
    bool ended() const {
        for (int n = 0; n < 300 && fs::exists(machine.path("ntferry/payroll.sock")); ++n)
            std::this_thread::sleep_for(std::chrono::milliseconds(100));
        return !fs::exists(machine.path("ntferry/payroll.sock"));
    }
    RunningMachine machine;
    const std::string bundle = machine.path("payroll");
    const std::string saved = bundle + "/state/saved.state";
};

} // namespace

TEST_CASE("a saved machine is listed, goes on once, and a state that does not fit is refused until it is "
          "given up") {
    if (!test::can_run() || !test::have_program("nasm"))
        NTFERRY_SKIP("no /dev/kvm, no SeaBIOS or no nasm");
    const Host host;
    REQUIRE(host.ntferry("run payroll >/dev/null 2>&1 &").exit_code == 0);
    REQUIRE(host.shows("Booting from Hard Disk"));
    CHECK(host.ntferry("resume payroll").exit_code == 2); // it is not saved
    REQUIRE(host.ntferry("type payroll before").exit_code == 0);
    REQUIRE(host.shows("before"));
    REQUIRE(host.ntferry("save payroll").exit_code == 0);
    CHECK_THAT(host.ntferry("resume").out, Catch::Contains("payroll") && Catch::Contains(host.saved));
    CHECK_THAT(host.ntferry("resume --json").out, Catch::Contains("\"name\":\"payroll\""));

    const auto resumed = host.ntferry("resume payroll --wait 60");
    INFO(resumed.err);
    REQUIRE(resumed.exit_code == 0);
    CHECK_THAT(resumed.out, Catch::Contains("payroll: goes on (background)"));
    REQUIRE(host.ntferry("type payroll ', after'").exit_code == 0);
    CHECK(host.shows("before, after"));
    for (int n = 0; n < 50 && fs::exists(host.saved); ++n)
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
    CHECK_FALSE(fs::exists(host.saved));
    CHECK(host.ntferry("resume").out.empty());

    REQUIRE(host.ntferry("save payroll").exit_code == 0);
    REQUIRE(host.ended());
    test::run_shell("sleep 0.02; touch " + host.bundle + "/disk.img");
    const auto refused = host.ntferry("resume payroll --foreground");
    CHECK(refused.exit_code == 3);
    CHECK_THAT(refused.err,
               Catch::Contains("does not go on from its saved state") && Catch::Contains("--discard"));
    REQUIRE(fs::exists(host.saved));
    CHECK(host.ntferry("resume payroll --discard").exit_code == 0);
    CHECK_FALSE(fs::exists(host.saved));
    REQUIRE(host.ntferry("run payroll >/dev/null 2>&1 &").exit_code == 0);
    CHECK(host.shows("Booting from Hard Disk"));
}
