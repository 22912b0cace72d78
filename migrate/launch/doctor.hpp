// What a host must have to run and convert machines, checked one by one.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ntferry::launch {

enum class Verdict : std::uint8_t {
    good,
    warning, ///< works with a loss
    bad,     ///< machines do not run here
};
const char* to_string(Verdict verdict);

/// One finding: a plain sentence and, unless all is good, what to do.
struct Check {
    std::string name;
    Verdict verdict = Verdict::good;
    std::string says;
    std::string remedy;
};

struct DoctorOptions {
    std::string folder = ".";                      ///< where bundles are kept: space and permissions
    std::uint64_t memory = 256U << 20U;            ///< bytes one machine needs
    std::uint64_t space = std::uint64_t{4} << 30U; ///< bytes wanted free
    std::string vmm;                               ///< path of ntferry-vmm; empty: looked for
    std::string proc = "/proc";                    ///< where the kernel's tables are
};

/// All checks, in a fixed order; none throws.
std::vector<Check> examine_host(const DoctorOptions& options);
Verdict worst(const std::vector<Check>& checks);

} // namespace ntferry::launch
