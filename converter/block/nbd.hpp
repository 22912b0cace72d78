// A disk behind NBD: nbdkit, qemu-nbd or any other server, through libnbd.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/block/open.hpp"

#include <string>

namespace ntferry::block {

bool is_nbd_uri(std::string_view spec);

/// nbd://host[:port][/export], nbds://..., nbd+unix:///export?socket=PATH, nbds+unix:///...
/// Large reads are split into requests that are under way together; a server that allows several connections
/// gets one per reading thread. A server that went away is looked for again by the next call; what it had
/// taken but not made durable is written to it once more. @throws Error
BlockDevicePtr open_nbd(const std::string& uri, Access access);

} // namespace ntferry::block
