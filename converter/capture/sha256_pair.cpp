// Constants and rounds: FIPS 180-4, sections 4.2.2 and 6.2. Instructions: Intel SHA Extensions, SDM volume 2.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/capture/sha256_pair.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

namespace ntferry::capture {
namespace {

constexpr std::size_t block_size = 64;

#if defined(__x86_64__)

/// The working state in the order of the instructions: A B E F and C D G H.
struct State {
    __m128i abef;
    __m128i cdgh;
};

alignas(16) constexpr std::array<std::uint32_t, 64> round_constants = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

#define NTFERRY_SHA __attribute__((target("sha,sse4.1,ssse3")))

/// A to H of FIPS 180-4, section 5.3.3.
NTFERRY_SHA State initial_state() {
    return {_mm_set_epi32(0x6a09e667, static_cast<int>(0xbb67ae85), 0x510e527f, static_cast<int>(0x9b05688c)),
            _mm_set_epi32(0x3c6ef372, static_cast<int>(0xa54ff53a), 0x1f83d9ab, 0x5be0cd19)};
}

/// Compresses blocks of `streams` messages in step.
template <int streams>
NTFERRY_SHA void compress(std::array<State*, streams> states, std::array<const std::uint8_t*, streams> data,
                          std::size_t blocks) {
    const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0bLL, 0x0405060700010203LL);
    const auto* constants = reinterpret_cast<const __m128i*>(round_constants.data());
    State now[streams];
    for (int s = 0; s < streams; ++s)
        now[s] = *states[s];
    for (; blocks > 0; --blocks) {
        State before[streams];
        __m128i message[streams][4];
        for (int s = 0; s < streams; ++s)
            before[s] = now[s];
#pragma GCC unroll 16
        for (int group = 0; group < 16; ++group) {
#pragma GCC unroll 2
            for (int s = 0; s < streams; ++s) {
                __m128i(&m)[4] = message[s];
                if (group < 4) {
                    m[group] = _mm_shuffle_epi8(
                        _mm_loadu_si128(reinterpret_cast<const __m128i*>(data[s]) + group), big_endian);
                } else {
                    const __m128i sum =
                        _mm_add_epi32(_mm_sha256msg1_epu32(m[group % 4], m[(group + 1) % 4]),
                                      _mm_alignr_epi8(m[(group + 3) % 4], m[(group + 2) % 4], 4));
                    m[group % 4] = _mm_sha256msg2_epu32(sum, m[(group + 3) % 4]);
                }
                const __m128i words = _mm_add_epi32(m[group % 4], _mm_load_si128(constants + group));
                now[s].cdgh = _mm_sha256rnds2_epu32(now[s].cdgh, now[s].abef, words);
                now[s].abef = _mm_sha256rnds2_epu32(now[s].abef, now[s].cdgh, _mm_shuffle_epi32(words, 0x0E));
            }
        }
        for (int s = 0; s < streams; ++s) {
            now[s].abef = _mm_add_epi32(now[s].abef, before[s].abef);
            now[s].cdgh = _mm_add_epi32(now[s].cdgh, before[s].cdgh);
            data[s] += block_size;
        }
    }
    for (int s = 0; s < streams; ++s)
        *states[s] = now[s];
}

/// One message on its way: where it is, and its state.
class Stream {
  public:
    explicit Stream(const MessagePieces& pieces) : pieces_(pieces), state_(initial_state()) {
        for (const MessagePiece& piece : pieces)
            total_ += piece.length;
        skip_zeros();
        next_piece();
    }
    /// Bytes that lie together from data() on; 0 at the end.
    std::size_t there() const { return left_; }
    const std::uint8_t* data() const { return data_; }
    State* state() { return &state_; }
    void advance(std::size_t length) {
        done_ += length;
        left_ -= length;
        data_ += length;
        if (left_ == 0)
            next_piece();
    }
    NTFERRY_SHA Digest finish() {
        std::array<std::uint8_t, block_size> last{};
        last[0] = 0x80;
        store_be<std::uint64_t>(MutableByteView(last), block_size - 8, std::uint64_t{total_} * 8);
        compress<1>({&state_}, {last.data()}, 1);
        Digest digest{};
        const auto put = [&digest](std::size_t word, int value) {
            store_be<std::uint32_t>(MutableByteView(digest), word * 4, static_cast<std::uint32_t>(value));
        };
        put(0, _mm_extract_epi32(state_.abef, 3));
        put(1, _mm_extract_epi32(state_.abef, 2));
        put(2, _mm_extract_epi32(state_.cdgh, 3));
        put(3, _mm_extract_epi32(state_.cdgh, 2));
        put(4, _mm_extract_epi32(state_.abef, 1));
        put(5, _mm_extract_epi32(state_.abef, 0));
        put(6, _mm_extract_epi32(state_.cdgh, 1));
        put(7, _mm_extract_epi32(state_.cdgh, 0));
        return digest;
    }

  private:
    static constexpr std::size_t prefix_step = 64U << 10U;
    static constexpr std::size_t prefixes = 64;
    /// Stays in the first-level cache.
    static constexpr std::array<std::uint8_t, 16384> zeros{};

    /// States after 1 to 64 times 64 KiB of zeros, computed once in the life of the process.
    static const std::array<State, prefixes>& after_zeros() {
        static const std::array<State, prefixes> states = [] {
            std::array<State, prefixes> made{};
            State state = initial_state();
            for (State& one : made) {
                for (std::size_t done = 0; done < prefix_step; done += zeros.size())
                    compress<1>({&state}, {zeros.data()}, zeros.size() / block_size);
                one = state;
            }
            return made;
        }();
        return states;
    }
    void skip_zeros() {
        if (pieces_.empty() || pieces_.front().bytes != nullptr)
            return;
        const std::size_t steps = std::min(pieces_.front().length / prefix_step, prefixes);
        if (steps > 0)
            state_ = after_zeros()[steps - 1];
        used_ = steps * prefix_step;
        done_ = used_;
    }
    void next_piece() {
        while (index_ < pieces_.size() && used_ == pieces_[index_].length) {
            ++index_;
            used_ = 0;
        }
        if (index_ == pieces_.size())
            return;
        const MessagePiece& piece = pieces_[index_];
        left_ = piece.length - used_;
        if (piece.bytes == nullptr) {
            left_ = std::min(left_, zeros.size());
            data_ = zeros.data();
        } else {
            data_ = piece.bytes + used_;
        }
        used_ += left_;
    }

    const MessagePieces& pieces_;
    State state_;
    std::size_t total_ = 0;
    std::size_t done_ = 0;
    std::size_t index_ = 0;
    std::size_t used_ = 0; ///< of the current piece, handed out
    std::size_t left_ = 0;
    const std::uint8_t* data_ = nullptr;
};

#endif

} // namespace

#if defined(__x86_64__)

bool can_hash_pairs() noexcept {
    static const bool can = [] {
        unsigned a = 0;
        unsigned b = 0;
        unsigned c = 0;
        unsigned d = 0;
        if (__get_cpuid(1, &a, &b, &c, &d) == 0 || (c & 1U << 9U) == 0 ||
            (c & 1U << 19U) == 0) // SSSE3, SSE4.1
            return false;
        return __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (b & 1U << 29U) != 0; // SHA
    }();
    return can;
}

std::pair<Digest, Digest> sha256_pair(const MessagePieces& first, const MessagePieces& second) {
    Stream a(first);
    Stream b(second);
    while (a.there() > 0 && b.there() > 0) {
        const std::size_t length = std::min(a.there(), b.there());
        compress<2>({a.state(), b.state()}, {a.data(), b.data()}, length / block_size);
        a.advance(length);
        b.advance(length);
    }
    for (Stream* rest : {&a, &b})
        while (rest->there() > 0) {
            const std::size_t length = rest->there();
            compress<1>({rest->state()}, {rest->data()}, length / block_size);
            rest->advance(length);
        }
    return {a.finish(), b.finish()};
}

#else

bool can_hash_pairs() noexcept {
    return false;
}

std::pair<Digest, Digest> sha256_pair(const MessagePieces&, const MessagePieces&) {
    throw Error("SHA-256", "this processor has no SHA instructions");
}

#endif

} // namespace ntferry::capture
