// The passes after the first one, over a disk with errors, as GNU ddrescue made them standard.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/base/progress.hpp"
#include "converter/block/device.hpp"
#include "converter/capture/target.hpp"

#include <stop_token>

namespace ntferry::capture {

/// Deals with everything that the target's map does not call finished:
/// backwards over what the first pass jumped over; forward over what is still left of that; the edges of
/// every failed part sector by sector until the first bad one on either side (trimming); what lies between
/// them sector by sector (scraping); the bad sectors again, `retries` times, in alternating direction.
/// @return bytes read. @throws Error when source or target is gone; Interrupted
std::uint64_t rescue(block::BlockDevice& source, Target& target, unsigned retries, Progress& progress,
                     const std::stop_token& stop);

} // namespace ntferry::capture
