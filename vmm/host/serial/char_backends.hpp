// Where serial and parallel lines lead on the host.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "vmm/bus/backends.hpp"

#include <memory>
#include <mutex>
#include <string>

namespace ntferry::vmm {

/// "none", "stdio", "pty", "file:PATH" (written, truncated), "unix:PATH" and "tcp:HOST:PORT" (listen; one
/// client at a time), "device:PATH" (a tty: speed, frame, break and modem lines follow the guest).
/// Relative paths are relative to folder. nullptr for "none". @throws Error
std::unique_ptr<CharBackend> make_char_backend(const std::string& spec, const std::string& folder,
                                               const std::shared_ptr<std::mutex>& machine_lock);

} // namespace ntferry::vmm
