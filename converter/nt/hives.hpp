// The hives of an installation, recovered in memory where they are dirty.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/nt/file_access.hpp"
#include "converter/registry/hive.hpp"
#include "converter/registry/recovery.hpp"

#include <optional>
#include <string>
#include <vector>

namespace ntferry::nt {

struct HiveFacts {
    std::string name; ///< "SYSTEM"
    std::string path;
    bool present = false;
    std::uint64_t size = 0;
    bool usable = false;
    bool needs_recovery = false; ///< dirty or damaged on the disk
    registry::RecoveryReport recovery;
    std::uint32_t minor = 0;        ///< format 1.minor
    std::string problem;            ///< one line, when it is not usable
    bool alternate_present = false; ///< SYSTEM.ALT
    bool alternate_equal = false;   ///< bytes behind the base block are those of the primary
};

struct Hives {
    std::optional<registry::Hive> system;
    std::optional<registry::Hive> software;
    std::optional<registry::Hive> security; ///< opened for Policy\PolSrvRo and nothing else
    std::vector<HiveFacts> facts;           ///< SYSTEM, SOFTWARE, SECURITY, SAM, DEFAULT

    const HiveFacts* find(std::string_view name) const;
};

/// Loads what it can. SAM and DEFAULT are only checked.
Hives load_hives(DiskSet& disks, const SystemPlace& place);

} // namespace ntferry::nt
