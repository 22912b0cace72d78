// Export: a bundle as a machine of another hypervisor, in a folder of its own.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "migrate/export/disk.hpp"

#include <boost/json.hpp>

namespace ntferry::exports {

struct ExportOptions {
    std::string bundle;
    std::string target; ///< "qemu", ...
    std::string format; ///< of the disks; empty: the target's default
    std::string folder; ///< made anew
    bool ignore_problems = false;
};

struct ExportResult {
    std::string folder;
    std::string target;
    std::string format;
    std::vector<ExportedDisk> disks;
    std::vector<std::string> files; ///< definitions
    std::vector<std::string> notes; ///< what the administrator has to know or do
};

/// Works beside `folder` under a hidden name, so that the folder is there whole or not at all. The bundle is
/// only read: what its machine has written so far is exported.
/// @throws Error; Interrupted, with nothing left behind
ExportResult export_bundle(const ExportOptions& options, Progress& progress, const std::stop_token& stop);

boost::json::object to_json(const ExportResult& result);

} // namespace ntferry::exports
