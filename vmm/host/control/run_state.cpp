// Names of run states, as QMP writes them.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/host/control/controlled_machine.hpp"

namespace ntferry::vmm {

std::string_view name_of(RunState state) {
    switch (state) {
    case RunState::prelaunch:
        return "prelaunch";
    case RunState::running:
        return "running";
    case RunState::paused:
        return "paused";
    case RunState::io_error:
        return "io-error";
    case RunState::save_vm:
        return "save-vm";
    case RunState::shutdown:
        return "shutdown";
    case RunState::internal_error:
        break;
    }
    return "internal-error";
}

} // namespace ntferry::vmm
