// Asking a guest to shut down, through the control socket of our machine or QEMU's.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "migrate/launch/control_client.hpp"

#include <stop_token>

namespace ntferry::launch {

/// Ours goes through the guest's dialogs at system_powerdown; QEMU would press an ACPI button, which NT has
/// not, so the keys of an English NT are pressed: Ctrl-Alt-Del, Alt-S, Return. Returns when the guest was
/// asked.
void ask_guest_to_shut_down(ControlClient& client, const std::stop_token& stop = {});

} // namespace ntferry::launch
