// Typing: keys pressed and let go with the pauses a guest's keyboard driver needs.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "vmm/host/control/controlled_machine.hpp"
#include "vmm/host/display/keys.hpp"

#include <chrono>
#include <span>

namespace ntferry::vmm {

/// Presses the keys in order, holds them, lets them go in the opposite order. Blocks for hold; without the
/// machine lock.
void press_together(ControlledMachine& machine, std::span<const XtCode> keys,
                    std::chrono::milliseconds hold = std::chrono::milliseconds(50));
/// Types keys one after the other. Blocks for about 20 ms per key.
void type_keys(ControlledMachine& machine, std::span<const KeyStroke> strokes);

} // namespace ntferry::vmm
