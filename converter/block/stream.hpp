// A disk that comes as a stream on standard input.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/block/device.hpp"

namespace ntferry::block {

/// Standard input as a disk. A redirected file is used as it is; a pipe cannot be read twice or out of order,
/// so it is first stored, without its zeros, in an unnamed file in $TMPDIR (default /var/tmp).
/// @throws Error
BlockDevicePtr open_standard_input();
/// The same for any descriptor, which stays open.
BlockDevicePtr open_stream(int descriptor, const std::string& name);

} // namespace ntferry::block
