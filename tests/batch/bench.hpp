// A fleet and a stand-in for `ntferry convert`.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "migrate/cli/process.hpp"
#include "tests/support/temp_dir.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace ntferry::test {

/// convert SOURCE -o BUNDLE ...: what it does is the source's name. It adds a line to DIR/trace at its start
/// and its end, and a word to BUNDLE/whole only at its very end. $PAUSE: how long it takes, in seconds.
constexpr const char* CONVERTER = R"(#!/bin/sh
source=$2; bundle=$4; name=$(basename "$bundle")
trace=$(dirname "$bundle")/trace
echo "start $name" >> "$trace"
mkdir -p "$bundle"
case $source in
bad) echo "ntferry: convert: $source: sector 7 is unreadable; replace the cable" >&2; exit 1;;
choice) echo "ntferry: convert: two installations; choose one" >&2; exit 3;;
twice) [ -e "$bundle/again" ] || { touch "$bundle/again"; echo "connection lost" >&2; exit 1; };;
killed) kill -9 $$;;
esac
echo '{"event":"progress","phase":"capture","done":21,"total":50}' >&2
sleep ${PAUSE:-0} & trap "kill $!; exit 143" TERM; wait $!
echo once >> "$bundle/whole"
echo "end $name" >> "$trace"
)";

struct BatchBench {
    TempDir dir;
    std::string output = dir / "out";
    BatchBench() {
        std::ofstream(dir / "converter") << CONVERTER;
        std::filesystem::permissions(dir / "converter", std::filesystem::perms(0755));
    }
    void fleet(const std::string& xml) const { std::ofstream(dir / "fleet.xml") << xml; }
    std::vector<std::string> command() const {
        return {NTFERRY_PROGRAM, "batch",     dir / "fleet.xml", "-o",
                output,          "--program", dir / "converter", "--json"};
    }
    cli::ProcessResult run() const { return cli::run_process(command()); }
    cli::ProcessResult status() const {
        return cli::run_process({NTFERRY_PROGRAM, "batch", "status", output});
    }
    static std::string text(const std::string& path) {
        std::ifstream file(path);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    std::string trace() const { return text(output + "/trace"); }
};

} // namespace ntferry::test
