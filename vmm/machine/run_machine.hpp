// Runs one machine from its description to its end: opens, walls in, starts, waits.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "vmm/machine/host_side.hpp"
#include "vmm/machine/machine_walls.hpp"

#include <string>

namespace ntferry::vmm {

struct RunRequest {
    profiles::Profile profile;
    profiles::MachineDescription machine;
    std::string folder; ///< of machine.xml, absolute; empty: there is none
    MachineOptions options;
    HostSideOptions host;
    WallsOptions walls;
    std::string state_folder; ///< empty: state in folder
    bool undo = false;        ///< on undo disks, whatever becomes of them at the end (machine.undo)
    std::string resume;       ///< file of a saved state to go on from; empty: power on
    std::string cgroup;       ///< folder for the machine's control group; empty: see MachineGroup
};

/// Returns the exit code of the program. @throws Error
int run_machine(RunRequest request);

} // namespace ntferry::vmm
