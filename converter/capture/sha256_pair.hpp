// SHA-256 of two messages at once, for processors with SHA instructions.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/capture/sha256.hpp"

#include <optional>
#include <utility>
#include <vector>

namespace ntferry::capture {

/// A message in pieces; a piece without bytes is zeros. Lengths are multiples of 64 bytes.
struct MessagePiece {
    const std::uint8_t* bytes = nullptr; ///< nullptr: zeros
    std::size_t length = 0;
};
using MessagePieces = std::vector<MessagePiece>;

/// Whether this processor has SHA instructions and sha256_pair() may be called.
bool can_hash_pairs() noexcept;

/// One round of SHA-256 waits for the one before it, so the instructions of one message leave the unit idle
/// half of the time: two messages in step take little longer than one. Leading zeros start from stored
/// states, as Sha256::start_with_zeros(). `image verify` computes the same digests with OpenSSL.
/// @param second may be empty: then its digest is that of the empty message
std::pair<Digest, Digest> sha256_pair(const MessagePieces& first, const MessagePieces& second);

} // namespace ntferry::capture
