// Moving a bundle: sparse, verified, resumable, and only what differs.
//
// The sender names each file with its size; the receiver answers with the SHA-256 of every 4 MiB that it has;
// the sender sends the pieces that differ, of them only what is not zero. At the end of a file the receiver
// reads back what was written and both compare one digest over all pieces. An interrupted move therefore goes
// on by itself, and a bundle that comes back costs what has changed.
//
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/base/progress.hpp"
#include "migrate/launch/settings.hpp"
#include "migrate/launch/wire.hpp"

#include <cstdint>
#include <stop_token>
#include <string>

namespace ntferry::launch {

struct TransferCounts {
    std::uint64_t files = 0;
    std::uint64_t bytes = 0; ///< of all files
    std::uint64_t sent = 0;  ///< that went over the wire as data
};

/// Sends the bundle. It must not run; it holds the bundle's lock while it works. With `moved_to` the bundle
/// is marked as moved there once the other side has it whole.
/// @throws Error, Interrupted
TransferCounts send_bundle(const std::string& bundle, const std::optional<MovedTo>& moved_to, Wire& wire,
                           Progress& progress, const std::stop_token& stop);

/// Receives a bundle into a folder that is new, empty, was left by an interrupted move, or holds the same
/// bundle before it was moved away. Until the end it is marked as incomplete and cannot be started.
/// @throws Error
TransferCounts receive_bundle(const std::string& folder, Wire& wire, Progress& progress);

} // namespace ntferry::launch
