// The single walls; sandbox.cpp puts them up in the right order.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "vmm/host/sandbox/sandbox.hpp"

namespace ntferry::vmm::sandbox {

/// Becomes another user for good, with only that user's groups. Nothing when the process is not root. @throws
/// Error
Measure drop_root(const Policy& policy);
/// Forks: the parent never returns from here. No-op where the kernel refuses.
Measure enter_pid_namespace();
/// User, mount, IPC, UTS and, unless the policy needs the host's, network namespace; then a mount tree with
/// nothing in it but what the policy names.
std::vector<Measure> enter_namespaces(const Policy& policy);
/// Landlock: kernel Documentation/userspace-api/landlock.rst.
Measure restrict_files(const Policy& policy);
/// Every capability in every set, ambient and bounding ones included; no new privileges.
Measure drop_capabilities();
/// No core dumps with guest memory in them, bounded descriptors.
Measure set_limits();

} // namespace ntferry::vmm::sandbox
