// Digests of chunks that were read.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/capture/chunk.hpp"

namespace ntferry::capture {

/// Sets the digest of one or two chunks (second may be null); two in step where the processor can.
void hash_into(Chunk& first, Chunk* second, Sha256& hash);

} // namespace ntferry::capture
