// A bundle's way to another host, and back.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "migrate/launch/doctor.hpp"
#include "migrate/launch/remote.hpp"
#include "migrate/launch/transfer.hpp"

#include <vector>

namespace ntferry::launch {

/// `ntferry doctor` there, for a machine of this memory and size (bytes). @throws Error when it cannot be
/// asked
std::vector<Check> examine_remote(const RemoteHost& host, std::uint64_t memory, std::uint64_t space);

/// Sends the bundle into `folder` there, and has every disk compared with its capture's manifest.
/// @throws Error; Interrupted. Either way the same call goes on from there
TransferCounts move_to(const RemoteHost& host, const std::string& bundle, const std::string& folder,
                       Progress& progress, const std::stop_token& stop);

/// Fetches a bundle that was moved away: stops its machine there, brings what has changed, marks it there as
/// moved.
TransferCounts move_back(const std::string& bundle, Progress& progress);

} // namespace ntferry::launch
