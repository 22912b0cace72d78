// Workspace: where the disks of a captured machine, its overlays and its plan lie.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

namespace ntferry::patch {

struct WorkspaceDisk {
    std::string base;    ///< the exact capture; never written
    std::string overlay; ///< differencing VHD with every change; may not exist
    std::string fresh;   ///< the overlay while it is being made
};

/// A bundle folder, or one VHD that stands for itself. The plan file is the commit mark: the machine is
/// patched exactly when it exists, whatever else lies there.
struct Workspace {
    std::string name; ///< as the administrator wrote it
    std::vector<WorkspaceDisk> disks;
    std::string plan_xml;
    std::string plan_json;

    bool patched() const;
    /// What the machine runs from: overlay where it is patched and has one, else the capture.
    std::string current(std::size_t disk) const;
};

/// A bundle folder (disks/disk0.vhd, disk1.vhd, ...) or a disk image (overlay NAME.patched.vhd and
/// NAME.plan.xml beside it).
/// @throws Error when there is no disk
Workspace find_workspace(const std::string& path);

} // namespace ntferry::patch
