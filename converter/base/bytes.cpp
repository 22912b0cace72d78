// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/base/bytes.hpp"

#include <fmt/format.h>

#include <cstring>

namespace ntferry {
namespace detail {

void throw_truncated(std::size_t offset, std::size_t length, std::size_t available) {
    throw Error({},
                fmt::format("truncated: {} bytes needed at offset {}, {} there", length, offset, available));
}

} // namespace detail

bool all_zero(ByteView bytes) noexcept {
    if (bytes.empty())
        return true;
    // A block equals itself shifted by one byte only if all bytes are the same; memcmp is vectorised by libc.
    return bytes[0] == 0 && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0;
}

std::string to_hex(ByteView bytes) {
    static constexpr char digits[] = "0123456789abcdef";
    std::string text;
    text.reserve(bytes.size() * 2);
    for (const std::uint8_t byte : bytes) {
        text += digits[byte >> 4U];
        text += digits[byte & 15U];
    }
    return text;
}

std::uint64_t checked_add(std::uint64_t a, std::uint64_t b) {
    std::uint64_t sum = 0;
    if (__builtin_add_overflow(a, b, &sum))
        throw Error({}, fmt::format("{} + {} is too large", a, b));
    return sum;
}

std::uint64_t checked_mul(std::uint64_t a, std::uint64_t b) {
    std::uint64_t product = 0;
    if (__builtin_mul_overflow(a, b, &product))
        throw Error({}, fmt::format("{} * {} is too large", a, b));
    return product;
}

} // namespace ntferry
