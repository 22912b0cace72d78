// A bundle's move over a wire: what goes over it, and what a hostile other side gets.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/launch/transfer.hpp"

#include "converter/base/error.hpp"
#include "tests/support/run.hpp"
#include "tests/support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <filesystem>
#include <fstream>
#include <future>

#include <sys/socket.h>
#include <unistd.h>

using namespace ntferry;
namespace fs = std::filesystem;

namespace {

constexpr std::size_t island = 4096;
constexpr std::size_t islands = 128;

/// 8 MiB and a bit: a page of data every 64 KiB, zeros that are stored between them.
std::string make_bundle(const test::TempDir& dir) {
    const std::string folder = dir / "bundle";
    fs::create_directories(folder + "/disks");
    std::ofstream(folder + "/machine.xml") << "<machine name='moving'/>";
    std::string disk(islands * (64U << 10U) + 100, '\0');
    for (std::size_t i = 0; i < islands; ++i)
        disk.replace(i * (64U << 10U), island, island, static_cast<char>('a' + i % 26));
    std::ofstream(folder + "/disks/disk0.vhd", std::ios::binary) << disk;
    return folder;
}

launch::TransferCounts move(const std::string& from, const std::string& to) {
    std::array<int, 2> ends{-1, -1};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()) == 0);
    auto received = std::async(std::launch::async, [&] {
        launch::Wire wire(ends[1], ends[1], "sender");
        SilentProgress progress;
        return launch::receive_bundle(to, wire, progress);
    });
    launch::Wire wire(ends[0], ends[0], "receiver");
    SilentProgress progress;
    const launch::TransferCounts sent = launch::send_bundle(from, std::nullopt, wire, progress, {});
    CHECK(received.get().sent == sent.sent);
    ::close(ends[0]);
    ::close(ends[1]);
    return sent;
}

/// What the receiver says to a stream.
std::string answer_to(const std::string& folder, const std::string& stream) {
    std::array<int, 2> ends{-1, -1};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()) == 0);
    REQUIRE(::write(ends[0], stream.data(), stream.size()) == static_cast<ssize_t>(stream.size()));
    ::shutdown(ends[0], SHUT_WR);
    std::string said;
    try {
        launch::Wire wire(ends[1], ends[1], "sender");
        SilentProgress progress;
        launch::receive_bundle(folder, wire, progress);
    } catch (const Error& error) {
        said = error.what();
    }
    ::close(ends[0]);
    ::close(ends[1]);
    return said;
}

} // namespace

TEST_CASE("Zeros inside a piece are not sent and come out as holes") {
    const test::TempDir dir;
    const std::string from = make_bundle(dir);
    const launch::TransferCounts first = move(from, dir / "there");
    const auto small = fs::file_size(from + "/machine.xml");
    CHECK(first.sent == islands * island + small);
    CHECK(test::run_shell("cmp " + from + "/disks/disk0.vhd " + (dir / "there/disks/disk0.vhd")).exit_code ==
          0);
}

TEST_CASE("A stream that lies about runs and paths and sizes is refused") {
    const test::TempDir dir;
    const std::string head = "NTFERRY-BUNDLE 2\nFILE 5000 644 0 0 disks/a\n";
    for (const std::string& stream :
         {std::string("NTFERRY-BUNDLE 1\n"), head + "DATA 1 1\n", head + "DATA 0 9999999\n",
          head + "DATA 0 1\nRUN 5001 1\n", head + "DATA 0 1\nRUN 4999 2\nab", head + "DATA 0 1\nRUN -1 2\nab",
          head + "DATA 0 1\nRUN 0 18446744073709551615\n", head + "DATA 0 1\nHOLE 0 1\n",
          std::string("NTFERRY-BUNDLE 2\nFILE 1 644 0 0 ../outside\n"),
          std::string("NTFERRY-BUNDLE 2\nFILE 99999999999999999 644 0 0 big\n")}) {
        INFO(stream);
        CHECK_FALSE(answer_to(dir / "new", stream).empty());
        CHECK_FALSE(fs::exists(dir / "outside"));
    }
}
