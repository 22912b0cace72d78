// Finding: one condition on a server's disks that matters for its migration. Plain values.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ntferry::assess {

/// What a finding asks for, lightest first.
enum class Severity : std::uint8_t {
    info,     ///< good to know; nothing is done
    warning,  ///< may hurt after the migration; the administrator should look at it
    change,   ///< has to change on the disk; NTFerry does it
    decision, ///< has to be decided, or something supplied, before anything is done
    blocker,  ///< this server cannot be migrated with this profile
};
const char* severity_name(Severity severity);

struct Finding {
    std::string code; ///< "storage.atapi-start": stable, for programs and for the documentation
    Severity severity = Severity::info;
    std::string title;
    std::string evidence; ///< key, file, sector
    std::string why;
    std::string remedy;
};

using Findings = std::vector<Finding>;

} // namespace ntferry::assess
