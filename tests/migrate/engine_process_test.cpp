// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/verify/engine_process.hpp"

#include "tests/support/run.hpp"
#include "tests/support/skip.hpp"
#include "tests/support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <functional>
#include <thread>

using namespace ntferry;
using verify::EngineProcess;
using namespace std::chrono_literals;

namespace {

/// Looks for a minute, or until it is so.
bool comes(const EngineProcess& process, const std::function<bool(const EngineProcess::ProcessorTime&)>& so) {
    for (int n = 0; n < 600; ++n) {
        if (so(process.processor_time()))
            return true;
        std::this_thread::sleep_for(100ms);
    }
    return false;
}

} // namespace

TEST_CASE("the processor time of a machine is that of its grandchildren too") {
    const test::TempDir dir;
    const EngineProcess machine({"sh", "-c", "sh -c 'while :; do :; done; :'; :"}, dir / "log");
    CHECK(comes(machine, [](const auto& time) { return time.had > 300ms; }));
    const EngineProcess resting({"sh", "-c", "sleep 60; :"}, dir / "log");
    std::this_thread::sleep_for(1s);
    CHECK(resting.processor_time().had < 300ms);
}

TEST_CASE("nothing of a machine that was given up goes on") {
    const test::TempDir dir;
    {
        const EngineProcess machine({"sh", "-c", "sh -c 'echo $$; while :; do sleep 0.1; done'; :"},
                                    dir / "log");
        REQUIRE(comes(machine, [&](const auto&) { return !machine.last_words().empty(); }));
    }
    const std::string pid = test::run_shell("cat " + (dir / "log")).out;
    bool gone = false; // when its new parent has noticed
    for (int n = 0; n < 100 && !gone; ++n, std::this_thread::sleep_for(100ms))
        gone = test::run_shell("kill -0 " + pid).exit_code != 0;
    CHECK(gone);
}

TEST_CASE("a machine that others keep from running is seen to wait") {
    if (!test::have_program("taskset"))
        NTFERRY_SKIP("taskset is not installed");
    const test::TempDir dir;
    const EngineProcess other({"taskset", "-c", "0", "sh", "-c", "while :; do :; done"}, dir / "log");
    const EngineProcess machine({"taskset", "-c", "0", "nice", "-n", "19", "sh", "-c", "while :; do :; done"},
                                dir / "log");
    CHECK(comes(machine, [](const auto& time) { return time.waited > 1s && time.waited > 2 * time.had; }));
}
