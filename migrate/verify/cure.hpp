// Cures that NTFerry tries by itself: changes of machine.xml alone, so that they can be taken back.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "migrate/verify/trial.hpp"

#include <vector>

namespace ntferry::verify {

struct CureOutcome {
    std::vector<TrialResult> trials;      ///< in order, the machine as it is first
    profiles::MachineDescription machine; ///< as the last trial ran it
    bool changed = false;                 ///< a cure helped: `machine` is worth keeping
    std::string what;                     ///< what was changed, one line
    const TrialResult& last() const { return trials.back(); }
};

/// Tries the machine; with `cures` also what the verdict says can be cured by itself, a few times at most.
/// machine.xml is not written.
CureOutcome try_machine(const std::string& bundle, const profiles::MachineDescription& machine,
                        const TrialOptions& options, bool cures, Progress& progress,
                        const std::stop_token& stop);

} // namespace ntferry::verify
