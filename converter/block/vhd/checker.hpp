// Checker: names every defect of a VHD file, and mends what can be mended without guessing.
//
// It looks at the bytes itself and shares only the structures' codecs with the reader, so that one mistake
// cannot hide in both.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/block/file.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace ntferry::block::vhd {

enum class Severity : std::uint8_t {
    note,    ///< unusual, harmless
    warning, ///< readers may disagree, or space is wasted
    error,   ///< data is lost, unreadable or in danger
};

struct Defect {
    Severity severity = Severity::error;
    std::uint64_t offset = 0; ///< in the file, bytes
    std::string what;
    bool repairable = false;
};

struct CheckResult {
    std::vector<Defect> defects; ///< in the order found; at most most_defects are listed
    std::uint64_t omitted = 0;   ///< defects beyond that
    std::uint32_t blocks_used = 0;
    std::uint32_t blocks_total = 0;
    bool usable() const; ///< no errors
};

constexpr std::size_t most_defects = 1000;

/// Checks one file; parents are not followed. @throws Error only when the file cannot be read at all
CheckResult check(const File& file);

/// Mends: a lost or damaged footer at either end from the other one, an unused tail. Returns what was done, a
/// line each. The order of writes is such that a crash in between leaves the file no worse.
std::vector<std::string> repair(File& file);

const char* to_string(Severity severity);

} // namespace ntferry::block::vhd
