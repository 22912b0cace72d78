// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/launch/doctor.hpp"

#include "tests/support/run.hpp"
#include "tests/support/skip.hpp"
#include "tests/support/temp_dir.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace {

using namespace ntferry;
using launch::Verdict;

const launch::Check& find(const std::vector<launch::Check>& checks, const std::string& name) {
    const auto at =
        std::find_if(checks.begin(), checks.end(), [&](const auto& check) { return check.name == name; });
    REQUIRE(at != checks.end());
    return *at;
}

/// A stand-in for ntferry-vmm whose --probe ends so.
std::string fake_vmm(const test::TempDir& dir, const std::string& says, int code) {
    const std::string path = dir / "vmm";
    std::ofstream(path) << "#!/bin/sh\necho '" << says << "'\nexit " << code << "\n";
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    return path;
}

} // namespace

TEST_CASE("A KVM that cannot page is no KVM for Windows NT, whatever /dev/kvm says") {
    if (!std::filesystem::exists("/dev/kvm"))
        NTFERRY_SKIP("this host has no /dev/kvm");
    const test::TempDir dir;
    launch::DoctorOptions options;
    options.vmm = fake_vmm(dir, "KVM on this host cannot run guests that use paging", 4);
    const auto refused = launch::examine_host(options);
    CHECK(find(refused, "kvm").verdict != Verdict::good);
    CHECK_FALSE(find(refused, "kvm").remedy.empty());
    options.vmm = fake_vmm(dir, "KVM on this host runs Windows NT", 0);
    const auto accepted = launch::examine_host(options);
    CHECK(find(accepted, "kvm").says == "KVM on this host runs Windows NT");
}

TEST_CASE("Too little memory and a folder that is not there are said in plain words") {
    const test::TempDir dir;
    std::ofstream(dir / "meminfo") << "MemTotal: 262144 kB\nMemAvailable: 131072 kB\n";
    launch::DoctorOptions options;
    options.proc = dir.path().string();
    options.folder = dir / "missing";
    options.vmm = fake_vmm(dir, "yes", 0);
    const auto checks = launch::examine_host(options);
    CHECK(find(checks, "memory").verdict == Verdict::bad);
    CHECK(find(checks, "memory").says.find("0.1 GiB of memory are available") == 0);
    CHECK(find(checks, "space").verdict == Verdict::bad);
    CHECK(find(checks, "permissions").verdict == Verdict::bad);
    CHECK(launch::worst(checks) == Verdict::bad);
    for (const launch::Check& check : checks)
        if (check.verdict != Verdict::good)
            CHECK_FALSE(check.remedy.empty());
}

TEST_CASE("The command doctor prints every check as JSON") {
    const test::RunResult result =
        test::run_shell(std::string(NTFERRY_PROGRAM) + " doctor --json --folder /tmp");
    INFO(result.err);
    REQUIRE((result.exit_code == 0 || result.exit_code == 4));
    const auto value = boost::json::parse(result.out);
    CHECK(value.at("checks").as_array().size() == 8);
    CHECK((value.at("verdict") == "bad") == (result.exit_code == 4));
}
