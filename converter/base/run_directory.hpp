// Where running machines leave the sockets by which they are found.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

namespace ntferry {

/// $XDG_RUNTIME_DIR/ntferry; /run/ntferry without one, and in root's sessions.
std::string run_directory();
/// The control socket of a machine: NAME.sock there. @throws Error (usage) for a name that is no file name
std::string control_socket_of(const std::string& machine);

} // namespace ntferry
