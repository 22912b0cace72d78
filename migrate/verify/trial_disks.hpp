// TrialDisks: throw-away copies of a machine's disks in a folder that goes with them.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/base/progress.hpp"
#include "profiles/machine.hpp"

#include <stop_token>
#include <string>

namespace ntferry::verify {

class TrialDisks {
  public:
    /// Makes `folder`, which must not exist or be left from a killed trial.
    explicit TrialDisks(std::string folder);
    ~TrialDisks();
    TrialDisks(const TrialDisks&) = delete;
    TrialDisks& operator=(const TrialDisks&) = delete;

    /// Differencing VHDs on the disks of a machine, whose paths become those. @param bundle folder of
    /// relative paths
    void make_overlays(profiles::MachineDescription& machine, const std::string& bundle);
    /// Sparse raw copies, for an engine that does not understand differencing VHDs.
    void make_copies(profiles::MachineDescription& machine, const std::string& bundle, Progress& progress,
                     const std::stop_token& stop);

  private:
    std::string folder_;
};

} // namespace ntferry::verify
