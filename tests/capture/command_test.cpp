// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/block/open.hpp"
#include "converter/block/raw.hpp"
#include "converter/block/ssh.hpp"
#include "tests/capture/support.hpp"
#include "tests/support/run.hpp"
#include "tests/support/skip.hpp"
#include "tests/support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>

#include <unistd.h>

using namespace ntferry;
using Catch::Matchers::Contains;
using test::run_shell;
using test::RunResult;
using test::TempDir;

namespace {

const std::string program = std::string(NTFERRY_BINARY_DIR) + "/migrate/ntferry";
constexpr std::size_t disk_size = 24U << 20U;

/// A raw disk of noise with some zeros.
std::string make_disk(const TempDir& dir) {
    Bytes bytes = test::noise(disk_size, 21);
    std::fill_n(bytes.begin() + (3U << 20U), 5U << 20U, std::uint8_t{0});
    block::create_raw(dir / "disk.img", disk_size)->write(0, bytes);
    return dir / "disk.img";
}

/// An nbdkit that lives as long as this.
class NbdKit {
  public:
    NbdKit(const TempDir& dir, const std::string& arguments)
        : pid_(dir / "nbd.pid"), socket_(dir / "nbd.sock") {
        std::filesystem::remove(socket_);
        const RunResult result = run_shell("nbdkit -U " + socket_ + " -P " + pid_ + " " + arguments);
        INFO(result.err);
        REQUIRE(result.exit_code == 0);
    }
    ~NbdKit() { run_shell("kill $(cat " + pid_ + ") 2>/dev/null; sleep 0.1"); }
    NbdKit(const NbdKit&) = delete;
    NbdKit& operator=(const NbdKit&) = delete;
    std::string uri() const { return "'nbd+unix:///?socket=" + socket_ + "'"; }

  private:
    std::string pid_;
    std::string socket_;
};

bool one_line(const std::string& text) {
    return std::count(text.begin(), text.end(), '\n') == 1 && text.starts_with("ntferry: capture: ");
}

} // namespace

TEST_CASE("a disk behind nbdkit whose reads fail now and then is captured whole") {
    if (!test::have_program("nbdkit"))
        NTFERRY_SKIP("nbdkit is not installed");
    const TempDir dir;
    const std::string disk = make_disk(dir);
    const NbdKit nbd(dir, "--filter=error file " + disk + " error-pread-rate=5%");
    const RunResult result =
        run_shell(program + " capture --raw --quiet --retries 20 " + nbd.uri() + " " + (dir / "a.vhd"));
    INFO(result.err);
    REQUIRE(result.exit_code == 0);
    CHECK(run_shell(program + " image compare --quiet " + disk + " " + (dir / "a.vhd")).exit_code == 0);
    CHECK(run_shell(program + " image verify --quiet --source " + disk + " " + (dir / "a.vhd")).exit_code ==
          0);
}

TEST_CASE("a server that goes away costs nothing but the time until --resume") {
    if (!test::have_program("nbdkit"))
        NTFERRY_SKIP("nbdkit is not installed");
    const TempDir dir;
    const std::string disk = make_disk(dir);
    {
        // exitwhen ends the server when the file appears; delay makes sure that it is in the middle of the
        // work.
        const NbdKit nbd(dir, "--filter=exitwhen --filter=delay file " + disk +
                                  " rdelay=200ms exit-when-file-created=" + (dir / "exit") +
                                  " exit-when-poll=1");
        run_shell("(sleep 1; kill -9 $(cat " + (dir / "nbd.pid") + ")) >/dev/null 2>&1 &");
        const RunResult result =
            run_shell(program + " capture --raw --quiet " + nbd.uri() + " " + (dir / "a.vhd"));
        CHECK(result.exit_code == 1);
        CHECK_THAT(result.err, Contains("--resume"));
        CHECK(one_line(result.err));
    }
    const NbdKit again(dir, "file " + disk);
    CHECK(run_shell(program + " capture --raw --resume --quiet " + again.uri() + " " + (dir / "a.vhd"))
              .exit_code == 0);
    CHECK(run_shell(program + " image compare --quiet " + disk + " " + (dir / "a.vhd")).exit_code == 0);
}

TEST_CASE("SIGINT and kill -9 leave an image that --resume finishes") {
    if (!test::have_program("nbdkit"))
        NTFERRY_SKIP("nbdkit is not installed");
    const TempDir dir;
    const std::string disk = make_disk(dir);
    const std::string signal = GENERATE("INT", "TERM", "KILL");
    const NbdKit nbd(dir, "--filter=delay file " + disk + " rdelay=500ms");
    // The map is there once the work has begun; with this delay it lasts long enough to be in the middle of
    // it.
    const RunResult result =
        run_shell(program + " capture --raw --quiet " + nbd.uri() + " " + (dir / "a.vhd") +
                  " & p=$!; for i in $(seq 600); do [ -e " + (dir / "a.vhd.map") +
                  " ] && break; sleep 0.05; done; kill -" + signal + " $p; wait $p");
    if (signal != "KILL") {
        CHECK_THAT(result.err, Contains("interrupted; go on with --resume"));
        CHECK(one_line(result.err));
    }
    CHECK(run_shell(program + " image check " + (dir / "a.vhd")).exit_code == 0);
    CHECK(run_shell(program + " capture --raw --resume --quiet " + disk + " " + (dir / "a.vhd")).exit_code ==
          0);
    CHECK(run_shell(program + " image compare --quiet " + disk + " " + (dir / "a.vhd")).exit_code == 0);
}

TEST_CASE("a full target is one line, and --resume goes on where there is room") {
    const TempDir dir;
    const std::string disk = make_disk(dir);
    // A file size limit stands for the full file system; its signal is ignored so that write() says so.
    const RunResult result = run_shell("trap '' XFSZ; ulimit -f 10240; " + program +
                                       " capture --raw --quiet " + disk + " " + (dir / "a.vhd"));
    CHECK(result.exit_code == 1);
    CHECK_THAT(result.err, Contains("cannot write"));
    CHECK(one_line(result.err));
    CHECK(run_shell(program + " image check " + (dir / "a.vhd")).exit_code == 0);
    CHECK(run_shell(program + " capture --raw --resume --quiet " + disk + " " + (dir / "a.vhd")).exit_code ==
          0);
    CHECK(run_shell(program + " image compare --quiet " + disk + " " + (dir / "a.vhd")).exit_code == 0);
}

TEST_CASE("a stream on standard input is captured") {
    const TempDir dir;
    const std::string disk = make_disk(dir);
    CHECK(run_shell("cat " + disk + " | " + program + " capture --raw --quiet - " + (dir / "a.vhd"))
              .exit_code == 0);
    CHECK(run_shell(program + " image compare --quiet " + disk + " " + (dir / "a.vhd")).exit_code == 0);
}

TEST_CASE("JSON results and events are JSON, line by line") {
    if (!test::have_program("python3"))
        NTFERRY_SKIP("python3 is not installed");
    const TempDir dir;
    const std::string disk = make_disk(dir);
    const RunResult result = run_shell(
        program + " capture --raw --json " + disk + " " + (dir / "a.vhd") + " 2>" + (dir / "events") +
        " | python3 -c 'import json,sys; d=json.load(sys.stdin); assert d[\"losses\"]==[]; "
        "[json.loads(l) for l in open(\"" +
        (dir / "events") + "\")]'");
    INFO(result.err);
    CHECK(result.exit_code == 0);
}

TEST_CASE("a remote shell with nothing but sh and dd gives the disk, and its bad parts as errors") {
    const TempDir dir;
    const std::string disk = make_disk(dir);
    const Bytes expected = test::read_all(*block::open_disk(disk));
    auto remote = block::open_remote_shell({"sh"}, "ssh://test" + disk, disk, false);
    REQUIRE(remote->size() == disk_size);
    CHECK((test::read_all(*remote) == expected));
    Bytes odd(3001);
    remote->read(777, odd);
    CHECK(std::equal(odd.begin(), odd.end(), expected.begin() + 777));
    std::filesystem::resize_file(disk, 10U << 20U); // as if the rest could not be read
    Bytes part(4U << 20U);
    try {
        remote->read(8U << 20U, part);
        FAIL("what is not there was read");
    } catch (const block::ReadError& error) {
        CHECK(error.offset() == 10U << 20U);
    }
    remote->read(0, odd);
    CHECK(std::equal(odd.begin(), odd.end(), expected.begin()));
    CHECK_THROWS_WITH(block::open_remote_shell({"sh"}, "ssh://test/none", dir / "none", false),
                      Contains("is missing there"));
}

TEST_CASE("a disk is captured over ssh from a server on this machine") {
    if (!std::filesystem::exists("/usr/sbin/sshd") || geteuid() != 0)
        NTFERRY_SKIP("needs sshd and root");
    const TempDir dir;
    const std::string disk = make_disk(dir);
    const std::string port = std::to_string(20000 + getpid() % 20000);
    std::ofstream(dir / "sshd_config") << "Port " + port + "\nListenAddress 127.0.0.1\nHostKey " +
                                              (dir / "host") + "\nAuthorizedKeysFile " + (dir / "user.pub") +
                                              "\nStrictModes no\nUsePAM no\nPermitRootLogin yes\nPidFile " +
                                              (dir / "sshd.pid") + "\n";
    const RunResult start =
        run_shell("cd " + dir.path().string() +
                  " && ssh-keygen -q -t ed25519 -N '' -f host && ssh-keygen -q -t ed25519 -N '' -f user"
                  " && echo \"[127.0.0.1]:" +
                  port + " $(cat host.pub)\" >known && mkdir -p /run/sshd && /usr/sbin/sshd -f sshd_config");
    if (start.exit_code != 0)
        NTFERRY_SKIP("sshd does not start here: " + start.err);
    const RunResult result =
        run_shell(program + " capture --raw --quiet 'ssh://root@127.0.0.1:" + port + disk +
                  "?identity=" + (dir / "user") + "&known_hosts=" + (dir / "known") + "' " + (dir / "a.vhd") +
                  "; r=$?; kill $(cat " + (dir / "sshd.pid") + "); exit $r");
    INFO(result.err);
    CHECK(result.exit_code == 0);
    CHECK(run_shell(program + " image compare --quiet " + disk + " " + (dir / "a.vhd")).exit_code == 0);
}

TEST_CASE("ssh addresses are taken apart, and cannot smuggle options") {
    const block::SshAddress address = block::parse_ssh_address("ssh://root@old:2222/dev/sda?identity=/k");
    CHECK(address.target == "root@old");
    CHECK(address.port == "2222");
    CHECK(address.path == "/dev/sda");
    CHECK(address.identity == "/k");
    CHECK_THROWS_AS(block::parse_ssh_address("ssh://-oProxyCommand=x/dev/sda"), Error);
    CHECK_THROWS_AS(block::parse_ssh_address("ssh://host"), Error);
    CHECK_THROWS_AS(block::parse_ssh_address("ssh://host:x/dev/sda"), Error);
}
