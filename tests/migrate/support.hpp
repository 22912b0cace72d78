// `ntferry` run inside the test, and lookalike servers converted by it.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "migrate/cli/command.hpp"
#include "tests/support/lookalike.hpp"

#include <sstream>
#include <string>
#include <vector>

namespace ntferry::test {

struct Outcome {
    int exit_code = 0;
    std::string out;
    std::string err;
};

inline Outcome ntferry_run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "ntferry");
    std::vector<char*> argv;
    for (std::string& argument : arguments)
        argv.push_back(argument.data());
    std::ostringstream out;
    std::ostringstream err;
    const int code = cli::run_program(static_cast<int>(argv.size()), argv.data(), out, err);
    return {code, out.str(), err.str()};
}

/// `convert DISK -o BUNDLE` with the stand-ins for CD and service pack; the trial boot under QEMU.
inline std::vector<std::string> convert_arguments(const std::string& disk, const std::string& bundle) {
    return {"convert",   disk,
            "-o",        bundle,
            "--drivers", lookalike_media() + "/cd",
            "--drivers", lookalike_media() + "/sp6a",
            "--yes",     "--quiet",
            "--engine",  "qemu"};
}

inline Outcome convert(const std::string& variant, const std::string& bundle,
                       const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = convert_arguments(lookalike_disk(variant), bundle);
    arguments.insert(arguments.end(), more.begin(), more.end());
    return ntferry_run(arguments);
}

} // namespace ntferry::test
