// The image commands as programs call them: JSON that is JSON, exit codes, one line for what cannot be used.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/block/open.hpp"
#include "converter/block/raw.hpp"
#include "tests/capture/support.hpp"
#include "tests/support/run.hpp"
#include "tests/support/skip.hpp"
#include "tests/support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
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

/// Runs a command whose standard output has to be one JSON document, and a Python expression on it as `d`.
RunResult json_holds(const std::string& arguments, const std::string& expression) {
    return run_shell(program + " " + arguments +
                     " --json 2>/dev/null | python3 -c 'import json,sys\nd=json.load(sys.stdin)\nassert " +
                     expression + ", d'");
}

} // namespace

TEST_CASE("every image command speaks JSON") {
    if (!test::have_program("python3"))
        NTFERRY_SKIP("python3 is not installed");
    const TempDir dir;
    const Bytes bytes = test::noise(6U << 20U, 31);
    block::create_raw(dir / "disk.img", bytes.size())->write(0, bytes);
    const auto check = [](const RunResult& result) {
        INFO(result.out << result.err);
        CHECK(result.exit_code == 0);
    };
    check(json_holds("image convert " + (dir / "disk.img") + " " + (dir / "a.vhd"), "isinstance(d, dict)"));
    check(json_holds("image info " + (dir / "a.vhd"), "d[0][\"type\"]==\"dynamic\""));
    check(json_holds("image create " + (dir / "child.vhd") + " --parent " + (dir / "a.vhd"),
                     "isinstance(d, dict)"));
    check(json_holds("image check " + (dir / "a.vhd") + " " + (dir / "child.vhd"),
                     "all(i[\"usable\"] for i in d) and len(d)==2"));
    check(json_holds("image compare " + (dir / "disk.img") + " " + (dir / "child.vhd"), "d[\"identical\"]"));
    check(
        json_holds("image flatten " + (dir / "child.vhd") + " " + (dir / "flat.vhd"), "isinstance(d, dict)"));
    check(
        json_holds("image rebase " + (dir / "child.vhd") + " " + (dir / "flat.vhd"), "isinstance(d, dict)"));
    check(json_holds("image commit " + (dir / "child.vhd"), "isinstance(d, dict)"));
    check(json_holds("image compare " + (dir / "disk.img") + " " + (dir / "flat.vhd"), "d[\"identical\"]"));
    check(json_holds("capture --raw " + (dir / "disk.img") + " " + (dir / "b.vhd"), "d[\"losses\"]==[]"));
    check(json_holds("image verify " + (dir / "b.vhd") + " --source " + (dir / "disk.img"), "d[\"good\"]"));
    // A second pass over a changed source, and a verification that fails.
    block::open_disk(dir / "disk.img", {.access = block::Access::read_write})
        ->write(5U << 20U, Bytes(512, 1));
    CHECK(run_shell(program + " image verify --quiet " + (dir / "b.vhd") + " --source " + (dir / "disk.img"))
              .exit_code == 1);
    check(json_holds("capture --raw --update " + (dir / "disk.img") + " " + (dir / "b.vhd"),
                     "d[\"changed_chunks\"]==1"));
    check(json_holds("image verify " + (dir / "b.vhd") + " --source " + (dir / "disk.img"), "d[\"good\"]"));
    // A lost footer is named, mended, and gone.
    std::filesystem::resize_file(dir / "b.vhd", std::filesystem::file_size(dir / "b.vhd") - 512);
    check(json_holds("image check " + (dir / "b.vhd"),
                     "d[0][\"defects\"][0][\"repairable\"] and d[0][\"defects\"][0][\"offset\"]>0"));
    check(json_holds("image check --repair " + (dir / "b.vhd"),
                     "d[0][\"repaired\"] and d[0][\"usable\"] and not [x for x in d[0][\"defects\"] if "
                     "x[\"severity\"]!=\"note\"]"));
}

TEST_CASE("a disk is read over TCP and TLS too") {
    if (!test::have_program("nbdkit"))
        NTFERRY_SKIP("nbdkit is not installed");
    const TempDir dir;
    const Bytes bytes = test::noise(5U << 20U, 32);
    block::create_raw(dir / "disk.img", bytes.size())->write(0, bytes);
    std::ofstream(dir / "keys.psk")
        << "ferry:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n";
    const std::string socket = dir / "nbd.sock";
    const std::string pid = dir / "nbd.pid";
    REQUIRE(run_shell("nbdkit -U " + socket + " -P " + pid +
                      " --tls=require --tls-psk=" + (dir / "keys.psk") + " file " + (dir / "disk.img"))
                .exit_code == 0);
    const std::string uri =
        "'nbds+unix://ferry@/?socket=" + socket + "&tls-psk-file=" + (dir / "keys.psk") + "'";
    const RunResult secret = run_shell(program + " image compare --quiet " + uri + " " + (dir / "disk.img"));
    INFO(secret.err);
    CHECK(secret.exit_code == 0);
    const RunResult open = run_shell(program + " image info 'nbd+unix:///?socket=" + socket + "'");
    CHECK(open.exit_code == 1); // the server asks for TLS
    run_shell("kill $(cat " + pid + ")");
    const std::string port = std::to_string(20000 + getpid() % 20000);
    const RunResult tcp =
        run_shell("nbdkit -P " + pid + " -i 127.0.0.1 -p " + port + " file " + (dir / "disk.img") + " && " +
                  program + " image compare --quiet nbd://127.0.0.1:" + port + "/ " + (dir / "disk.img") +
                  "; r=$?; kill $(cat " + pid + "); exit $r");
    INFO(tcp.err);
    CHECK(tcp.exit_code == 0);
}

TEST_CASE("what is no image is one line") {
    const TempDir dir;
    std::ofstream(dir / "short.vhd") << std::string(300, 'x');
    std::ofstream(dir / "cookie.vhd") << "conectix" << std::string(3000, '\0');
    for (const char* name : {"short.vhd", "cookie.vhd", "none.vhd"})
        for (const std::string command : {"info", "check", "flatten", "commit"}) {
            const RunResult result = run_shell(program + " image " + command + " " + (dir / name) +
                                               (command == "flatten" ? " " + (dir / "out.vhd") : ""));
            INFO(command << " " << name << ": " << result.err << result.out);
            if (result.exit_code == 0)
                continue; // raw, by its content
            CHECK(result.exit_code == 1);
            CHECK(std::count(result.err.begin(), result.err.end(), '\n') <= 1);
        }
}
