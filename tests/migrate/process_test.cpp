// Other programs: how they are started and what becomes of them.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/base/error.hpp"
#include "migrate/cli/process.hpp"
#include "tests/support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <fstream>
#include <sstream>
#include <thread>

#include <sys/socket.h>
#include <unistd.h>

using namespace ntferry;

namespace {

int end_of(pid_t pid) {
    for (;;) {
        if (const auto code = cli::poll_process(pid))
            return *code;
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
}

std::string content_of(const std::string& path) {
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

} // namespace

TEST_CASE("a program that does not exist is told when it is started") {
    CHECK_THROWS_AS(cli::start_process({"ntferry-no-such-program"}, cli::StartOptions()), SystemError);
    CHECK(cli::run_process({"ntferry-no-such-program"}).exit_code == 127);
}

TEST_CASE("both outputs of a program go to one file in the order they were written") {
    const test::TempDir dir;
    const std::string log = dir / "log";
    std::ofstream(log) << "what was there before\n";
    const pid_t pid =
        cli::start_process({"sh", "-c", "echo one; echo two >&2; echo three"}, {.output = log, .error = log});
    CHECK(end_of(pid) == 0);
    CHECK(content_of(log) == "one\ntwo\nthree\n");
}

TEST_CASE("a program that leads its own group is ended with what it started") {
    const test::TempDir dir;
    const std::string log = dir / "log";
    const pid_t pid =
        cli::start_process({"sh", "-c", "sleep 60 & wait"}, {.output = log, .error = {}, .own_group = true});
    CHECK(::getpgid(pid) == pid);
    CHECK(::kill(-pid, SIGKILL) == 0);
    CHECK(end_of(pid) == 128 + SIGKILL);
}

TEST_CASE("a conversation is both standard input and output") {
    int ends[2] = {-1, -1};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    const pid_t pid = cli::start_process({"sh", "-c", "read word; echo \"$word again\""},
                                         {.output = {}, .error = {}, .conversation = ends[1]});
    ::close(ends[1]);
    REQUIRE(::write(ends[0], "hello\n", 6) == 6);
    std::string answer(64, '\0');
    const ssize_t length = ::read(ends[0], answer.data(), answer.size());
    REQUIRE(length > 0);
    answer.resize(static_cast<std::size_t>(length));
    CHECK(answer == "hello again\n");
    CHECK(end_of(pid) == 0);
    ::close(ends[0]);
}
