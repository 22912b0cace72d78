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
                                  " rdelay=800ms exit-when-file-created=" + (dir / "exit") +
                                  " exit-when-poll=1");
        run_shell("(for i in $(seq 600); do [ -e " + (dir / "a.vhd.map") +
                  " ] && break; sleep 0.05; done; kill -9 $(cat " + (dir / "nbd.pid") +
                  ")) >/dev/null 2>&1 &");
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

TEST_CASE("a server that goes away before its first answer leaves nothing, and --resume begins") {
    if (!test::have_program("nbdkit"))
        NTFERRY_SKIP("nbdkit is not installed");
    const TempDir dir;
    const std::string disk = make_disk(dir);
    {
        const NbdKit nbd(dir, "--filter=delay file " + disk + " rdelay=10");
        run_shell("(sleep 0.3; kill -9 $(cat " + (dir / "nbd.pid") + ")) >/dev/null 2>&1 &");
        const RunResult result =
            run_shell(program + " capture --raw --quiet " + nbd.uri() + " " + (dir / "a.vhd"));
        CHECK(result.exit_code == 1);
    }
    CHECK(!std::filesystem::exists(dir / "a.vhd"));
    // An update needs what it brings up to date.
    CHECK(run_shell(program + " capture --raw --update --quiet " + disk + " " + (dir / "a.vhd")).exit_code ==
          1);
    CHECK(run_shell(program + " capture --raw --resume --quiet " + disk + " " + (dir / "a.vhd")).exit_code ==
          0);
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

TEST_CASE("a signal in any phase is one line, and --resume or the same command again finishes the work") {
    if (!test::have_program("nbdkit"))
        NTFERRY_SKIP("nbdkit is not installed");
    const TempDir dir;
    const std::string disk = test::make_volume_disk(dir.path().string(), "ntfs");
    if (disk.empty())
        NTFERRY_SKIP("mkntfs or sfdisk is missing");
    const std::string image = dir / "a.vhd";
    const auto [phase, command, bad] = GENERATE_COPY(table<std::string, std::string, std::string>({
        {"used clusters", "capture", ""},
        {"capture", "capture", ""},
        {"pass 4: trimming", "capture --raw", "EIO"},
        {"pass 5: sector by sector", "capture --raw", "EIO"},
        {"retry 1 of 50", "capture --raw --retries 50", "EIO"},
        {"update", "capture --update", ""},
        {"verify image", "image verify", ""},
    }));
    const std::string signal = GENERATE("INT", "TERM");
    CAPTURE(phase, signal);
    // What is bad is so only while a file is there: the second run reads it. The script is slow enough by
    // itself.
    const std::string bad_here = dir / "bad";
    const std::string plain = program + " capture --quiet " + (bad.empty() ? "" : "--raw ");
    if (command == "capture --update" || command == "image verify")
        REQUIRE(run_shell(plain + disk + " " + image).exit_code == 0);
    if (!bad.empty())
        std::ofstream(bad_here) << "";
    const std::string script =
        "eval get_size='stat -c %s " + disk + "' pread='if [ -e " + bad_here +
        " ] && [ $4 -lt 1200000 ] && [ $(($4+$3)) -gt 1000000 ]; then echo EIO a bad place >&2; exit 1; fi; "
        "dd if=" +
        disk + " skip=$4 count=$3 iflag=count_bytes,skip_bytes bs=64k 2>/dev/null'";
    const NbdKit nbd(dir, bad.empty() ? "--filter=delay file " + disk + " rdelay=250ms" : script);
    const std::string arguments =
        command == "image verify" ? image + " --source " + nbd.uri() : nbd.uri() + " " + image;
    const std::string events = dir / "events";
    // The phase has been told, and it is still going on: this long is nothing against the delays.
    const RunResult result = run_shell(
        program + " " + command + " --json " + arguments + " >/dev/null 2>" + events +
        " & p=$!; for i in $(seq 1200); do grep -q '\"" + phase + "\"' " + events +
        " && break; kill -0 $p 2>/dev/null || break; sleep 0.02; done; kill -" + signal + " $p; wait $p");
    std::ifstream log(events);
    const std::string told{std::istreambuf_iterator<char>(log), std::istreambuf_iterator<char>()};
    INFO(told);
    CHECK_THAT(told, Contains("\"" + phase + "\""));
    CHECK(result.exit_code == 130);
    CHECK(std::count(told.begin(), told.end(), '\n') >= 1);
    CHECK_THAT(told, Contains("interrupted"));
    std::filesystem::remove(bad_here);
    if (command == "image verify") {
        CHECK(run_shell(program + " image verify --quiet " + image + " --source " + disk).exit_code == 0);
        return;
    }
    if (std::filesystem::exists(image)) {
        CHECK(run_shell(program + " image check " + image).exit_code == 0);
        const std::string again = command == "capture --update" ? "--update " : "--resume ";
        CHECK(run_shell(plain + again + disk + " " + image).exit_code == 0);
    } else {
        CHECK(phase == "used clusters");
        CHECK(run_shell(plain + disk + " " + image).exit_code == 0);
    }
    CHECK(run_shell(program + " image verify --quiet " + image + " --source " + disk).exit_code == 0);
}

TEST_CASE("a capture that is killed at random moments, again and again, is finished by --resume") {
    if (!test::have_program("nbdkit"))
        NTFERRY_SKIP("nbdkit is not installed");
    const TempDir dir;
    const std::string disk = make_disk(dir);
    const std::string image = dir / "a.vhd";
    const NbdKit nbd(dir, "--filter=delay file " + disk + " rdelay=100ms");
    unsigned killed = 0;
    for (int round = 0; round < 12; ++round) {
        const bool begun = std::filesystem::exists(image + ".map");
        if (!begun)
            std::filesystem::remove(image);
        const RunResult result = run_shell(program + " capture --raw --quiet " + (begun ? "--resume " : "") +
                                           nbd.uri() + " " + image + " >/dev/null & p=$!; sleep 0." +
                                           std::to_string(1 + round * 7 % 9) + "; kill -KILL $p; wait $p");
        if (result.exit_code == 0)
            break;
        ++killed;
        if (std::filesystem::exists(image))
            CHECK(run_shell(program + " image check " + image).exit_code == 0);
    }
    CHECK(killed > 0);
    const bool begun = std::filesystem::exists(image + ".map");
    CHECK(run_shell(program + " capture --raw --quiet " + (begun ? "--resume " : "") + disk + " " + image)
              .exit_code == 0);
    CHECK(run_shell(program + " image compare --quiet " + disk + " " + image).exit_code == 0);
    CHECK(run_shell(program + " image verify --quiet --source " + disk + " " + image).exit_code == 0);
}

TEST_CASE("a file system without room is one line, and --resume goes on once there is some") {
    if (geteuid() != 0)
        NTFERRY_SKIP("needs root to mount a small file system");
    const TempDir dir;
    const std::string disk = make_disk(dir);
    const std::string folder = dir / "small";
    std::filesystem::create_directory(folder);
    if (run_shell("mount -t tmpfs -o size=9m tmpfs " + folder).exit_code != 0)
        NTFERRY_SKIP("tmpfs cannot be mounted here");
    const std::string image = folder + "/a.vhd";
    const RunResult result = run_shell(program + " capture --raw --quiet " + disk + " " + image);
    CHECK(result.exit_code == 1);
    CHECK_THAT(result.err, Contains("No space left on device") && Contains("make room"));
    CHECK(one_line(result.err));
    CHECK(run_shell(program + " image check " + image).exit_code == 0);
    CHECK_FALSE(std::filesystem::exists(image + ".map.new")); // nothing half-written stays
    CHECK(run_shell("mount -o remount,size=64m " + folder).exit_code == 0);
    CHECK(run_shell(program + " capture --raw --resume --quiet " + disk + " " + image).exit_code == 0);
    CHECK(run_shell(program + " image compare --quiet " + disk + " " + image).exit_code == 0);
    CHECK(run_shell("umount " + folder).exit_code == 0);
}

TEST_CASE("a source that shrinks under the capture ends it in one line, and --resume goes on with the whole "
          "source") {
    if (!test::have_program("strace") || run_shell("strace -o /dev/null true").exit_code != 0)
        NTFERRY_SKIP("strace is not installed or not allowed");
    const TempDir dir;
    const std::string disk = make_disk(dir);
    std::filesystem::copy_file(disk, dir / "whole.img");
    // Reads wait a fifth of a second each, so that the source loses its end while it is read. (Leaks cannot
    // be looked for under strace.)
    const RunResult result =
        run_shell("ASAN_OPTIONS=detect_leaks=0 strace -f -o /dev/null -e trace=pread64 -e "
                  "inject=pread64:delay_enter=200000 " +
                  program + " capture --raw --quiet " + disk + " " + (dir / "a.vhd") +
                  " & p=$!; for i in $(seq 600); do [ -e " + (dir / "a.vhd.map") +
                  " ] && break; sleep 0.05; done; truncate -s 12M " + disk + "; wait $p");
    INFO(result.err);
    CHECK(result.exit_code == 1);
    CHECK_THAT(result.err, Contains("truncated or shrank"));
    CHECK(one_line(result.err));
    CHECK(run_shell(program + " image check " + (dir / "a.vhd")).exit_code == 0);
    CHECK(
        run_shell(program + " capture --raw --resume --quiet " + (dir / "whole.img") + " " + (dir / "a.vhd"))
            .exit_code == 0);
    CHECK(run_shell(program + " image compare --quiet " + (dir / "whole.img") + " " + (dir / "a.vhd"))
              .exit_code == 0);
}

TEST_CASE("a source that came back smaller is refused, and the image stays as it was") {
    const TempDir dir;
    const std::string disk = make_disk(dir);
    std::filesystem::copy_file(disk, dir / "short.img");
    std::filesystem::resize_file(dir / "short.img", disk_size / 2);
    REQUIRE(run_shell(program + " capture --raw --quiet " + disk + " " + (dir / "a.vhd")).exit_code == 0);
    for (const char* mode : {"--resume", "--update"}) {
        const RunResult result = run_shell(program + " capture --raw --quiet " + mode + " " +
                                           (dir / "short.img") + " " + (dir / "a.vhd"));
        INFO(mode << ": " << result.err);
        CHECK(result.exit_code != 0);
        CHECK(one_line(result.err));
    }
    CHECK(run_shell(program + " image verify --quiet --source " + disk + " " + (dir / "a.vhd")).exit_code ==
          0);
}

TEST_CASE("maps go both ways between this program and GNU ddrescue's own tools") {
    if (!test::have_program("ddrescue") || !test::have_program("ddrescuelog"))
        NTFERRY_SKIP("gddrescue is not installed");
    const TempDir dir;
    const std::string disk = make_disk(dir);
    const std::string map = dir / "rescue.map";
    // ddrescue got the first 9 MiB and the last 2, with its own map.
    REQUIRE(run_shell("ddrescue -q -s 9Mi " + disk + " " + (dir / "rescue.img") + " " + map +
                      " && ddrescue -q -i 22Mi " + disk + " " + (dir / "rescue.img") + " " + map)
                .exit_code == 0);
    // Its image with its map is a source; what it did not get is lost, by name.
    const RunResult partial =
        run_shell(program + " capture --raw --json --retries 0 " + (dir / "rescue.img") + ",map=" + map +
                  " " + (dir / "a.vhd") + " 2>/dev/null");
    CHECK(partial.exit_code == 3);
    CHECK_THAT(partial.out, Contains("\"losses\":[{"));
    // Our map of that: the same areas, in ddrescue's eyes.
    const std::string own = dir / "a.vhd.map";
    const RunResult status = run_shell("ddrescuelog -t " + own);
    INFO(status.out << status.err);
    CHECK(status.exit_code == 0);
    const auto finished = [&](const std::string& of) {
        return run_shell("ddrescuelog --list-blocks=+ --block-size=1048576 " + of).out;
    };
    CHECK(finished(own) == finished(map));
    CHECK_FALSE(finished(own).empty());
    CHECK(run_shell("ddrescuelog --invert-mapfile " + own + " >" + (dir / "inverted.map")).exit_code == 0);
    // ddrescue goes on with our map as if it were its own, and fills in what is missing.
    CHECK(run_shell("cp " + own + " " + (dir / "going-on.map") + " && ddrescue -q -r2 " + disk + " " +
                    (dir / "rescue.img") + " " + (dir / "going-on.map"))
              .exit_code == 0);
    CHECK(run_shell("cmp " + disk + " " + (dir / "rescue.img")).exit_code == 0);
    CHECK(run_shell("ddrescuelog -D " + (dir / "going-on.map")).exit_code == 0); // done
    // And we go on with ddrescue's: only what it has not finished is read from the disk.
    CHECK(run_shell("ddrescuelog --change-types=-,+ " + own + " >" + (dir / "none.map")).exit_code == 0);
    CHECK(run_shell("cp " + map + " " + own + " && " + program + " capture --raw --resume --quiet " + disk +
                    " " + (dir / "a.vhd"))
              .exit_code == 0);
    CHECK(run_shell(program + " image compare --quiet " + disk + " " + (dir / "a.vhd")).exit_code == 0);
}

TEST_CASE(
    "an image that ddrescue did not finish is a disk with a part missing, never a smaller one or zeros") {
    if (!test::have_program("ddrescue"))
        NTFERRY_SKIP("gddrescue is not installed");
    const TempDir dir;
    const std::string disk = make_disk(dir);
    const std::string image = dir / "rescue.img";
    const std::string map = dir / "rescue.map";
    REQUIRE(run_shell("ddrescue -q -s 9Mi " + disk + " " + image + " " + map).exit_code == 0);
    const std::string before = run_shell("cat " + map).out;
    // Without the map it would be a disk of 9 MiB.
    const RunResult bare = run_shell(program + " capture --raw --quiet " + image + " " + (dir / "a.vhd"));
    CHECK(bare.exit_code == 3);
    CHECK_THAT(bare.err, Contains("was not read whole") && Contains(image + ",map=" + map));
    // The map to write is another one: that of ddrescue stays.
    const RunResult over =
        run_shell(program + " capture --raw --quiet --map " + map + " " + disk + " " + (dir / "a.vhd"));
    CHECK(over.exit_code == 1);
    CHECK_THAT(over.err, Contains("rescue.map: is there already"));
    CHECK(run_shell("cat " + map).out == before);
    CHECK_FALSE(std::filesystem::exists(dir / "a.vhd"));
    const RunResult named = run_shell(program + " capture --raw --quiet --retries 0 " + image +
                                      ",map=" + map + " " + (dir / "a.vhd"));
    CHECK(named.exit_code == 3);
    CHECK(run_shell(program + " image info --json " + (dir / "a.vhd")).out.find("\"disk_size\":9437184,") ==
          std::string::npos);
    // A finished map is no news.
    REQUIRE(run_shell("ddrescue -q " + disk + " " + image + " " + map).exit_code == 0);
    CHECK(run_shell(program + " capture --raw --quiet " + image + " " + (dir / "b.vhd")).exit_code == 0);
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
