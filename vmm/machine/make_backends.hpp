// From a description to what the devices talk to: images opened, lines connected.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "vmm/host/disk/fault_relay.hpp"
#include "vmm/host/disk/worker_disk.hpp"
#include "vmm/machine/machine.hpp"

namespace ntferry::vmm {

/// Opens everything the description names. Relative paths are relative to folder ("" for the current one).
/// Completes it as complete() does.
/// Starts no thread.
/// @param networks told when a network breaks or is there again
/// @throws Error
MachineBackends make_backends(profiles::MachineDescription& description, const std::string& folder,
                              const std::shared_ptr<std::mutex>& machine_lock,
                              const WorkerDisk::Options& disk_options = {},
                              const std::shared_ptr<NetworkRelay>& networks = {});

/// Fills in what a description may leave out and another engine has to know, too: geometries of disks, from
/// their partition tables, and addresses of network cards. @throws Error
void complete(profiles::MachineDescription& description, const std::string& folder);

/// A path of a description, relative to its folder; addresses (nbd://...) stay as they are.
std::string resolve_path(const std::string& path, const std::string& folder);

} // namespace ntferry::vmm
