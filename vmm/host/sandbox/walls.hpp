// The single walls; sandbox.cpp puts them up in the right order.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "vmm/host/sandbox/sandbox.hpp"

#include <sys/types.h>

namespace ntferry::vmm::sandbox {

/// A user to become.
struct Identity {
    uid_t user = 0;
    gid_t group = 0;
    std::string name;
    std::vector<gid_t> groups;
    bool instead_of_root = false; ///< the machine's files are root's
};
/// Whom a process of root's becomes: the user that was named, else the owner of the machine, else the system
/// user "ntferry", and without that one a number that is nobody's, the same at every start of this machine.
/// While the policy's files can be seen. @throws Error for a user that does not exist
Identity find_identity(const Policy& policy);
/// The policy without folders that the user could not look into: what lies below them and is the machine's is
/// then reached through folders of the own mount tree.
Policy policy_for(const Identity& identity, Policy policy);
/// Becomes another user for good, with only that user's groups. Nothing when the process is not root. @throws
/// Error
Measure drop_root(const Identity& identity);
/// Whether a user who is not root may make a user namespace here. For root to ask.
bool users_may_make_namespaces();
/// The user namespace, which gives the right to make the others to who is not root.
Measure enter_user_namespace();
/// Forks: the parent never returns from here. It stays outside, where it passes signals on, removes the
/// policy's leftovers when the child has ended, and ends as the child did. @throws Error when it cannot fork
void leave_keeper(const Policy& policy);
/// A PID namespace and, as its first process, the caller; see leave_keeper(). No-op where the kernel refuses.
Measure enter_pid_namespace(const Policy& policy);
/// Network (unless the policy needs the host's), IPC, UTS and mount namespace; then a mount tree with nothing
/// in it but what the policy names.
std::vector<Measure> enter_namespaces(const Policy& policy);
/// Landlock: kernel Documentation/userspace-api/landlock.rst.
Measure restrict_files(const Policy& policy);
/// Every capability in every set, ambient and bounding ones included; no new privileges.
Measure drop_capabilities();
/// No core dumps with guest memory in them, bounded descriptors.
Measure set_limits();

} // namespace ntferry::vmm::sandbox
