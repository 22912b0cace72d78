// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/run.hpp"

#include "tests/support/temp_dir.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <sys/wait.h>

namespace ntferry::test {
namespace {

std::string slurp(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

} // namespace

RunResult run_shell(const std::string& command) {
    const TempDir dir;
    const std::string line = "export PATH=$PATH:/usr/sbin:/sbin; { " + command + "\n} >" + (dir / "out") +
                             " 2>" + (dir / "err") + " </dev/null";
    const int status = std::system(line.c_str()); // NOLINT(cert-env33-c): the tests' own commands
    RunResult result;
    result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    result.out = slurp(dir / "out");
    result.err = slurp(dir / "err");
    return result;
}

bool have_program(const std::string& name) {
    return run_shell("command -v " + name).exit_code == 0;
}

std::string sample_data_dir() {
    if (const char* dir = std::getenv("NTFERRY_TEST_DATA"))
        return dir;
    const std::string beside = std::string(NTFERRY_SOURCE_DIR) + "/../shared/data";
    return std::filesystem::is_directory(beside) ? beside : std::string();
}

} // namespace ntferry::test
