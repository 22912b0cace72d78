// Machines as instances of the systemd unit, as far as that goes without a systemd that runs.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/launch/services.hpp"

#include "converter/base/error.hpp"
#include "migrate/launch/runner.hpp"
#include "tests/support/run.hpp"
#include "tests/support/skip.hpp"
#include "tests/support/temp_dir.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>

using namespace ntferry;
namespace fs = std::filesystem;

namespace {

std::string text_of(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// A systemctl that writes down what it is asked, and fails when FAIL is there.
launch::SystemdPlaces places(const test::TempDir& dir) {
    std::ofstream(dir / "systemctl") << "#!/bin/sh\necho \"$@\" >> " << (dir / "calls") << "\n[ ! -e "
                                     << (dir / "fail") << " ] || { echo 'Unit is masked.' >&2; exit 1; }\n";
    fs::permissions(dir / "systemctl", fs::perms(0755));
    return {.runtime = dir / "runtime", .units = dir / "units", .systemctl = dir / "systemctl"};
}

} // namespace

TEST_CASE("A machine becomes an instance that starts after the machines it comes after") {
    const test::TempDir dir;
    const auto services = launch::systemd_services(places(dir));
    launch::LaunchSettings settings;
    settings.autostart = true;
    settings.after = {"PDC 1"};
    settings.stop_wait = 300;
    services->set_up("BDC", settings);
    const std::string drop_in = text_of(dir / "units/ntferry@BDC.service.d/launch.conf");
    CHECK(drop_in.find("After=ntferry@PDC\\x201.service\n") != std::string::npos);
    CHECK(drop_in.find("Wants=ntferry@PDC\\x201.service\n") != std::string::npos);
    CHECK(drop_in.find("TimeoutStopSec=360\n") != std::string::npos);
    services->start("BDC", "/srv/bdc");
    CHECK(text_of(dir / "calls") ==
          "daemon-reload\nenable ntferry@BDC.service\nstart --no-block ntferry@BDC.service\n");
    services->take_down("BDC");
    CHECK_FALSE(fs::exists(dir / "units/ntferry@BDC.service.d"));
    std::ofstream(dir / "fail") << "";
    CHECK_THROWS_WITH(services->start("BDC", "/srv/bdc"), Catch::Contains("Unit is masked."));
}

TEST_CASE("Names become instance names as systemd-escape makes them") {
    if (!test::have_program("systemd-escape"))
        NTFERRY_SKIP("systemd-escape is not installed");
    for (const char* name : {"PDC", "file server", "a-b", ".hidden", "x.y:z_1", "caf\xc3\xa9"})
        CHECK(launch::systemd_escaped(name) + "\n" ==
              test::run_shell("systemd-escape -- '" + std::string(name) + "'").out);
}

TEST_CASE("systemd accepts the unit and an instance of it with its drop-in") {
    if (!test::have_program("systemd-analyze"))
        NTFERRY_SKIP("systemd-analyze is not installed");
    const test::TempDir dir;
    const auto services = launch::systemd_services(places(dir));
    launch::LaunchSettings settings;
    settings.after = {"PDC"};
    services->set_up("BDC", settings);
    // The shipped unit, with the program of this build where the package's would be.
    const auto verify = [&](const std::string& more) {
        return test::run_shell(
            "sed 's|^ExecStart=/usr/bin/ntferry|ExecStart=" NTFERRY_PROGRAM "|' " NTFERRY_SOURCE_DIR
            "/migrate/systemd/ntferry@.service > " +
            (dir / "units/ntferry@.service") + more + " && SYSTEMD_UNIT_PATH=" + (dir / "units") +
            ": systemd-analyze verify --man=no ntferry@BDC.service 2>&1 | grep -i ntferry; true");
    };
    const test::RunResult good = verify("");
    INFO(good.out);
    CHECK(good.out.empty());
    // It would say so if something were wrong.
    CHECK_FALSE(verify(" && echo 'NoSuchSetting=1' >> " + (dir / "units/ntferry@.service")).out.empty());
}

TEST_CASE("Without a systemd that runs machines are background processes") {
    const test::TempDir dir;
    const launch::SystemdPlaces nowhere = places(dir);
    CHECK(launch::services_of_this_host(nowhere)->name() == "background");
}

TEST_CASE("Machines are started again as their policy says and ever later") {
    using launch::EndOfRun;
    using launch::Restart;
    const EndOfRun ended{0, false};
    const EndOfRun failed{137, false};
    const EndOfRun stopped{143, true};
    CHECK_FALSE(launch::starts_again(Restart::no, failed));
    CHECK(launch::starts_again(Restart::on_failure, failed));
    CHECK_FALSE(launch::starts_again(Restart::on_failure, ended));
    CHECK(launch::starts_again(Restart::always, ended));
    for (const Restart policy : {Restart::no, Restart::on_failure, Restart::always})
        CHECK_FALSE(launch::starts_again(policy, stopped));
    CHECK(launch::backoff_seconds(1) == 1);
    CHECK(launch::backoff_seconds(2) == 2);
    CHECK(launch::backoff_seconds(7) == 60);
    CHECK(launch::backoff_seconds(4000000000U) == 60);
}
