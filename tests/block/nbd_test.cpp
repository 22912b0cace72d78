// A disk behind an NBD server that dies and comes back.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/base/error.hpp"
#include "converter/block/nbd.hpp"
#include "tests/support/run.hpp"
#include "tests/support/skip.hpp"
#include "tests/support/temp_dir.hpp"

#include <catch2/catch.hpp>

using namespace ntferry;

namespace {

/// Its disk forgets everything that was written to it when it dies: the worst that a server may do.
class ForgetfulServer {
  public:
    ForgetfulServer() { start("1M"); }
    ~ForgetfulServer() { die(); }
    ForgetfulServer(const ForgetfulServer&) = delete;
    ForgetfulServer& operator=(const ForgetfulServer&) = delete;
    void start(const std::string& size) const {
        REQUIRE(test::run_shell("nbdkit -U " + socket + " -P " + socket + ".pid memory " + size).exit_code ==
                0);
    }
    void die() const {
        test::run_shell("kill -9 $(cat " + socket + ".pid) 2>&1; rm -f " + socket + " " + socket + ".pid");
    }
    std::string uri() const { return "nbd+unix:///?socket=" + socket; }

  private:
    test::TempDir folder_;
    const std::string socket = folder_ / "sock";
};

} // namespace

TEST_CASE("what an NBD server had not made durable is written to it again when it comes back") {
    if (!test::have_program("nbdkit"))
        NTFERRY_SKIP("nbdkit is not installed");
    const ForgetfulServer server;
    const block::BlockDevicePtr disk = block::open_nbd(server.uri(), block::Access::read_write);
    const Bytes durable(512, 0x11);
    const Bytes first(300000, 0x22); // more than one request
    const Bytes second(512, 0x33);
    disk->write(0, durable);
    disk->flush();
    disk->write(4096, first);
    disk->write(8192, second);
    server.die();
    Bytes out(512);
    CHECK_THROWS_AS(disk->read(0, out), Error);
    CHECK_THROWS_AS(disk->read(0, out), Error); // not yet
    server.start("1M");
    disk->read(0, out);
    CHECK(out == Bytes(512)); // this server lied about being durable, which nobody can mend
    disk->read(4096, out);
    CHECK(out == Bytes(512, 0x22));
    disk->read(8192, out);
    CHECK(out == second); // in their order
    disk->read(303000, out);
    CHECK(out == Bytes(512, 0x22));
}

TEST_CASE("an NBD server that comes back with another disk is refused") {
    if (!test::have_program("nbdkit"))
        NTFERRY_SKIP("nbdkit is not installed");
    const ForgetfulServer server;
    const block::BlockDevicePtr disk = block::open_nbd(server.uri(), block::Access::read_write);
    server.die();
    Bytes out(512);
    CHECK_THROWS_AS(disk->read(0, out), Error);
    server.start("2M");
    CHECK_THROWS_WITH(disk->read(0, out), Catch::Contains("2097152 bytes instead of 1048576"));
    server.die();
    server.start("1M");
    CHECK_NOTHROW(disk->read(0, out));
}
