// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/capture/chunk_digest.hpp"

#include "converter/capture/sha256_pair.hpp"

#include <optional>
#include <utility>

namespace ntferry::capture {
namespace {

/// Digest of a chunk from its data runs; what lies between them is zero.
Digest digest_of(const Chunk& chunk, Sha256& hash) {
    if (chunk.data.empty())
        return zero_digest(chunk.length);
    hash.start_with_zeros(chunk.data.front().offset);
    std::size_t at = chunk.data.front().offset;
    for (const ChunkRun& run : chunk.data) {
        hash.update_zeros(run.offset - at);
        hash.update(chunk.buffer->view().subspan(run.offset, run.length));
        at = run.end();
    }
    hash.update_zeros(chunk.length - at);
    return hash.finish();
}

/// The chunk's content in pieces; nothing where one of them is not a multiple of 64 bytes.
std::optional<MessagePieces> pieces_of(const Chunk& chunk) {
    MessagePieces pieces;
    std::size_t at = 0;
    bool whole_blocks = chunk.length % 64 == 0;
    const auto add = [&](const std::uint8_t* bytes, std::size_t length) {
        whole_blocks = whole_blocks && length % 64 == 0;
        if (length > 0)
            pieces.push_back({bytes, length});
    };
    for (const ChunkRun& run : chunk.data) {
        add(nullptr, run.offset - at);
        add(chunk.buffer->view().data() + run.offset, run.length);
        at = run.end();
    }
    add(nullptr, chunk.length - at);
    if (!whole_blocks)
        return std::nullopt;
    return pieces;
}

} // namespace

void hash_into(Chunk& first, Chunk* second, Sha256& hash) {
    if (second != nullptr && can_hash_pairs() && !first.data.empty() && !second->data.empty()) {
        const std::optional<MessagePieces> a = pieces_of(first);
        const std::optional<MessagePieces> b = pieces_of(*second);
        if (a && b) {
            const std::pair<Digest, Digest> digests = sha256_pair(*a, *b);
            first.digest = digests.first;
            second->digest = digests.second;
            return;
        }
    }
    first.digest = digest_of(first, hash);
    if (second != nullptr)
        second->digest = digest_of(*second, hash);
}

} // namespace ntferry::capture
