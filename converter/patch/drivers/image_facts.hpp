// What decides whether a driver or system file may be used.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/nt/pe/version.hpp"

#include <optional>
#include <string>
#include <vector>

namespace ntferry::patch {

struct ImageFacts {
    bool is_pe = false;
    std::string problem;         ///< why it cannot be read as PE32; empty otherwise
    std::uint16_t machine = 0;   ///< nt::pe::machine_*
    std::uint16_t subsystem = 0; ///< nt::pe::subsystem_*
    bool checksum_good = false;
    nt::pe::VersionNumber version{}; ///< of the version resource; zeros without one
    std::string original_name;       ///< "halmps.dll": what Setup renamed
    std::vector<nt::pe::ImportedModule> imports;
};

/// Never throws: damage is told in problem.
ImageFacts image_facts(ByteView file, const std::string& name);

/// Why the kernel or NTLDR would refuse a native image (driver, HAL, kernel): not PE, other processor, other
/// subsystem, wrong checksum. Empty when it would not.
std::string native_image_problem(const ImageFacts& facts);

} // namespace ntferry::patch
