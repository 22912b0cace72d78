// WorkDisks: a bundle's disks for an engine that does not understand differencing VHDs (QEMU).
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/base/progress.hpp"
#include "profiles/machine.hpp"

#include <stop_token>
#include <string>

namespace ntferry::launch {

/// Sparse raw working copies in state/qemu, written back into the overlays when the machine has ended. They
/// are the truth while they are there: after a kill or a power cut the next start goes on with them.
class WorkDisks {
  public:
    explicit WorkDisks(std::string bundle);

    /// Makes the copies, unless a complete set is there from a run that was cut off; `machine`'s disks become
    /// those. @throws Error; Interrupted, with nothing changed
    void take(profiles::MachineDescription& machine, Progress& progress, const std::stop_token& stop);
    /// Writes what differs into the bundle's disks and removes the copies. Can be run again after a kill.
    void give_back(const profiles::MachineDescription& original, Progress& progress);
    /// Whether copies are there whose changes the overlays do not have yet.
    bool pending() const;
    /// Gives the copies up, and all that the machine wrote to them.
    void forget() const;

  private:
    std::string copy_of(unsigned position) const;
    std::string bundle_;
    std::string folder_;
};

} // namespace ntferry::launch
