// Two messages in step against OpenSSL.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/capture/sha256_pair.hpp"
#include "tests/capture/support.hpp"
#include "tests/support/skip.hpp"

#include <catch2/catch.hpp>

#include <random>

using namespace ntferry;
using namespace ntferry::capture;

namespace {

/// What OpenSSL makes of the same pieces.
Digest expected(const MessagePieces& pieces) {
    Sha256 hash;
    for (const MessagePiece& piece : pieces) {
        if (piece.bytes == nullptr)
            hash.update_zeros(piece.length);
        else
            hash.update({piece.bytes, piece.length});
    }
    return hash.finish();
}

} // namespace

TEST_CASE("pairs of messages have the digests that OpenSSL computes") {
    if (!can_hash_pairs())
        NTFERRY_SKIP("this processor has no SHA instructions");
    const Bytes data = test::noise(1U << 20U, 41);
    std::mt19937 random(7);
    const auto message = [&] {
        MessagePieces pieces;
        std::size_t at = 0;
        for (unsigned i = random() % 8; i > 0; --i) {
            const std::size_t length = 64 * (random() % 1500);
            const bool zeros = random() % 2 == 0;
            if (!zeros && at + length > data.size())
                at = 0;
            pieces.push_back({zeros ? nullptr : data.data() + at, length});
            at += zeros ? 0 : length;
        }
        return pieces;
    };
    for (int round = 0; round < 300; ++round) {
        const MessagePieces first = message();
        const MessagePieces second = message();
        const auto digests = sha256_pair(first, second);
        REQUIRE(to_hex(digests.first) == to_hex(expected(first)));
        REQUIRE(to_hex(digests.second) == to_hex(expected(second)));
    }
    // The standard's own: the empty message, and four MiB of zeros from stored states.
    const auto digests = sha256_pair({}, {{nullptr, 4U << 20U}});
    CHECK(to_hex(digests.first) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CHECK(to_hex(digests.second) == to_hex(expected({{nullptr, 4U << 20U}})));
}
