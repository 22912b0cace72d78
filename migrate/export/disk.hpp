// One disk of a bundle, flattened and in the format and geometry of another hypervisor.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/base/progress.hpp"
#include "migrate/export/target.hpp"

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace ntferry::exports {

struct DiskOrder {
    std::string source; ///< anything open_disk() takes; only read
    std::string folder; ///< gets the disk and, meanwhile, a raw copy
    unsigned number = 0;
    DiskFormat format = DiskFormat::raw;
    std::optional<patch::TargetGeometry> geometry; ///< rewrite boot sectors and table for it
    bool far_ends = false;                         ///< TargetTraits::guesses_from_table
    bool ignore_problems = false; ///< go on where NTLDR would not reach a file under the new geometry
};

struct ExportedDisk {
    std::string file; ///< name in the folder: "disk0.qcow2"
    std::uint64_t size = 0;
    std::optional<patch::TargetGeometry> geometry; ///< that it was rewritten for
    std::vector<std::string> changes;              ///< by rewriting, a line each
    std::vector<std::string> problems;             ///< that were ignored
};

/// @throws Error, of the kind decision for problems of the new geometry; Interrupted
ExportedDisk export_disk(const DiskOrder& order, Progress& progress, const std::stop_token& stop);

} // namespace ntferry::exports
