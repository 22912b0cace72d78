// The walls around the process of one machine.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A guest that takes over a device model has this process. What it can then reach is decided here, before the
// guest runs: its own files by Landlock and an own mount tree, no network unless the machine has one, no
// other process by an own PID namespace, no privileges, and few system calls. docs/threat-model.md says who
// is trusted.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ntferry::vmm::sandbox {

struct Policy {
    std::vector<std::string>
        writable; ///< folders and files the machine may change: its bundle, its run directory
    std::vector<std::string> readable; ///< folders and files it may read: firmware, media
    bool host_network = false;         ///< NAT and network disks need the host's sockets
    /// Started as root: become this user; empty: the owner of owner_of, and when that is root the system user
    /// "ntferry", or a number without an account where there is no such user.
    std::string user;
    std::string owner_of; ///< a file or folder; empty: the first writable path
    /// Sockets and empty folders that the process outside removes once the machine has ended: their folders
    /// stay out of the machine's reach, with the sockets of other machines in them.
    std::vector<std::string> remove_at_end;
};

/// One wall and whether it stands.
struct Measure {
    std::string name;
    bool applied = false;
    std::string detail; ///< why not, or what it leaves open
};

/// In this order: user change, own user, PID, network, IPC, UTS and mount namespaces, Landlock, no
/// capabilities, no new privileges, limits. Where users may not make namespaces, and for a machine of root's,
/// root makes them before it becomes a user. The caller's process stays outside, forwards signals and exits
/// as the child does.
///
/// To be called while the process has one thread; descriptors stay open. Walls that the host does not allow
/// are left out and reported; a user change that fails is an Error, because going on as root would be a
/// surprise.
std::vector<Measure> enter(const Policy& policy);

/// The user that a machine of root's becomes owns the path from now on; nothing for others. @throws Error
void hand_over(const Policy& policy, const std::string& path);

/// The system call filter of every thread of the process, those to come included. After it no new kinds of
/// work can start.
/// @throws Error when the kernel has no seccomp
Measure filter_system_calls(const Policy& policy);

/// What a thread does, for the tighter filter it adds to the process's own.
enum class ThreadRole : std::uint8_t { vcpu, disk, network_disk };
/// For the calling thread, after filter_system_calls(). Cannot be undone.
void filter_this_thread(ThreadRole role);
/// How many system calls the filter of the process, or of a role, lets through.
std::size_t allowed_call_count(const Policy& policy);
std::size_t allowed_call_count(ThreadRole role);

/// A block of lines for logs and status: "landlock: on", "own network: off: the machine uses NAT".
std::string describe(const std::vector<Measure>& measures);

} // namespace ntferry::vmm::sandbox
