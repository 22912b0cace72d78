// Copies one disk to another, leaving out what reads as zeros.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/base/progress.hpp"
#include "converter/block/device.hpp"

#include <functional>
#include <optional>
#include <stop_token>

namespace ntferry::block {

/// Zeros are left out in whole pieces of this size, the page of every host and guest concerned.
constexpr std::size_t zero_unit = 4096;

/// Calls data(offset, length) for each longest run of units that are not all zero; offsets in the view.
void for_each_nonzero(ByteView bytes, const std::function<void(std::size_t, std::size_t)>& data);

/// Copies all of `from` to the start of `to`, which reads as zeros and is at least as large, and flushes.
/// @throws Error; Interrupted when stop is requested
void copy_disk(BlockDevice& from, BlockDevice& to, Progress& progress, std::stop_token stop = {});

/// The first byte at which two disks differ, or nothing. Where one is longer, its tail must be zeros.
std::optional<std::uint64_t> first_difference(BlockDevice& a, BlockDevice& b, Progress& progress,
                                              std::stop_token stop = {});

} // namespace ntferry::block
