// `ntferry batch` with a stand-in for `ntferry convert`, killed and resumed.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/batch/bench.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <map>
#include <set>
#include <thread>

namespace {

using namespace ntferry;
using test::BatchBench;

boost::json::value job(const std::string& json, const std::string& name) {
    const boost::json::value summary = boost::json::parse(json);
    for (const auto& entry : summary.at("jobs").as_array())
        if (entry.at("name").as_string() == name)
            return entry;
    FAIL("no job " + name);
    return {};
}

/// Servers that the batch's journal has as done.
std::set<std::string> done_servers(const BatchBench& bench) {
    const cli::ProcessResult status =
        cli::run_process({NTFERRY_PROGRAM, "batch", "status", bench.output, "--json"});
    std::set<std::string> done;
    boost::json::error_code error;
    const boost::json::value summary = boost::json::parse(status.out, error);
    if (!error)
        for (const auto& entry : summary.at("jobs").as_array())
            if (entry.at("state") == "done")
                done.insert(entry.at("name").as_string().c_str());
    return done;
}

/// $PAUSE of the converters while it lives.
struct Pause {
    explicit Pause(const char* seconds) { ::setenv("PAUSE", seconds, 1); }
    ~Pause() { ::unsetenv("PAUSE"); }
};

int wait_for(pid_t pid) {
    while (true) {
        if (const auto code = cli::poll_process(pid))
            return *code;
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
}

} // namespace

TEST_CASE("One bad server stops nobody but those that wait for it") {
    const BatchBench bench;
    bench.fleet(
        "<fleet><defaults retries='1' retry-delay='0'/>"
        "<server name='last' source='x' after='waits'/><server name='waits' source='x' after='broken'/>"
        "<server name='broken' source='bad'/><server name='undecided' source='choice'/>"
        "<server name='dies' source='killed'/><server name='flaky' source='twice'/>"
        "<server name='good' source='x'/></fleet>");
    const cli::ProcessResult result = bench.run();
    INFO(result.err);
    REQUIRE(result.exit_code == 105); // five
    CHECK(boost::json::parse(result.out).at("failed") == 5);
    CHECK(job(result.out, "good").at("state") == "done");
    CHECK(job(result.out, "flaky").at("state") == "done");
    CHECK(job(result.out, "flaky").at("starts") == 2);
    CHECK(job(result.out, "broken").at("starts") == 2);
    CHECK(job(result.out, "broken").at("message") ==
          "ntferry: convert: bad: sector 7 is unreadable; replace the cable");
    CHECK(job(result.out, "undecided").at("starts") == 1); // trying again decides nothing
    CHECK(job(result.out, "dies").at("message") == "ended by signal 9");
    CHECK(job(result.out, "waits").at("state") == "skipped");
    CHECK(job(result.out, "last").at("state") == "skipped");
    for (const char* file : {"/summary.html", "/summary.csv", "/summary.json"})
        CHECK(BatchBench::text(bench.output + file).find("flaky") != std::string::npos);
    const cli::ProcessResult status = bench.status();
    CHECK(status.exit_code == 105);
    CHECK(status.out.find("2 of 7 converted, 5 failed") == 0);
    CHECK(status.out.find("bad: sector 7 is unreadable; replace the cable\n") != std::string::npos);
    std::vector<std::string> for_people = bench.command();
    for_people.pop_back(); // --json
    const cli::ProcessResult again = cli::run_process(for_people);
    CHECK(again.exit_code == 105);
    CHECK(again.err.find("servers: 7 of 7 in ") != std::string::npos); // no bytes
}

TEST_CASE("A BDC starts after its PDC has ended") {
    const BatchBench bench;
    bench.fleet("<fleet><limits jobs='4' disk='4'/><server name='BDC1' source='x' after='PDC'/>"
                "<server name='BDC2' source='x' after='PDC'/><server name='PDC' source='x'/></fleet>");
    REQUIRE(bench.run().exit_code == 0);
    const std::string trace = bench.trace();
    CHECK(trace.find("end PDC") < trace.find("start BDC1"));
    CHECK(trace.find("end PDC") < trace.find("start BDC2"));
}

TEST_CASE("Limits hold: one job that reads a disk at a time") {
    const BatchBench bench;
    bench.fleet("<fleet><limits jobs='4' disk='1' network='2'/><server name='a' source='x'/>"
                "<server name='b' source='x'/><server name='c' source='x'/></fleet>");
    REQUIRE(bench.run().exit_code == 0);
    CHECK(bench.trace() == "start a\nend a\nstart b\nend b\nstart c\nend c\n");
}

TEST_CASE("A batch killed twenty times is still complete and starts nothing that was done") {
    const BatchBench bench;
    std::string xml = "<fleet><limits jobs='3' disk='3'/>";
    constexpr int servers = 90;
    for (int i = 0; i < servers; ++i)
        xml += fmt::format("<server name='s{}' source='x'{}/>", i,
                           i % 5 == 4 ? fmt::format(" after='s{}'", i - 4) : "");
    bench.fleet(xml + "</fleet>");
    int kills = 0;
    std::map<std::string, std::size_t> done_at; // how much of the trace there was when it was seen as done
    {
        const Pause pause("0.1");
        while (kills < 20) {
            const pid_t pid = cli::start_process(bench.command(),
                                                 {.output = bench.dir / "json", .error = bench.dir / "log"});
            // Every other kill comes after something was done, however busy the host is.
            const std::size_t before = done_servers(bench).size();
            for (int i = 0; kills % 2 == 0 && i < 300 && done_servers(bench).size() == before; ++i)
                std::this_thread::sleep_for(std::chrono::milliseconds(20));
            std::this_thread::sleep_for(std::chrono::milliseconds(60 + 17 * kills % 90));
            ::kill(pid, SIGKILL);
            if (wait_for(pid) != 128 + SIGKILL)
                break; // it was through
            ++kills;
            const std::size_t traced = bench.trace().size();
            for (const std::string& name : done_servers(bench))
                done_at.emplace(name, traced);
        }
    }
    const cli::ProcessResult result = bench.run();
    INFO(result.err);
    REQUIRE(result.exit_code == 0);
    CHECK(kills == 20);
    CHECK(boost::json::parse(result.out).at("done") == servers);
    for (int i = 0; i < servers; ++i)
        CHECK(BatchBench::text(fmt::format("{}/s{}/whole", bench.output, i)) != "");
    REQUIRE(done_at.size() > 3); // some were done before the last kill
    const std::string trace = bench.trace();
    for (const auto& [name, traced] : done_at) {
        INFO(name);
        CHECK(trace.find("start " + name + "\n", traced) == std::string::npos);
    }
}

TEST_CASE("Ctrl-C ends the jobs, says how to go on, and the batch goes on") {
    const BatchBench bench;
    bench.fleet("<fleet><server name='a' source='x'/></fleet>");
    {
        const Pause pause("20");
        const pid_t pid =
            cli::start_process(bench.command(), {.output = bench.dir / "json", .error = bench.dir / "log"});
        for (int i = 0; i < 1000 && bench.status().out.find("42%") == std::string::npos; ++i)
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
        CHECK(bench.status().out.find("capture 42%") != std::string::npos);
        const cli::ProcessResult second = bench.run();
        CHECK(second.exit_code == 3);
        CHECK(second.err.find("another batch is at work") != std::string::npos);
        ::kill(pid, SIGINT);
        CHECK(wait_for(pid) == 130);
    }
    CHECK(BatchBench::text(bench.dir / "log").find("run the same command again") != std::string::npos);
    CHECK(bench.run().exit_code == 0);
}
