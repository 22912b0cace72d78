// Bytes of on-disk and on-wire structures: views, bounds-checked loads and stores in either byte order.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/base/error.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace ntferry {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;
using MutableByteView = std::span<std::uint8_t>;

namespace detail {
[[noreturn]] void throw_truncated(std::size_t offset, std::size_t length, std::size_t available);
} // namespace detail

/// The part [offset, offset + length) of a view. @throws Error when it does not lie inside.
template <typename T>
std::span<T> slice(std::span<T> bytes, std::size_t offset, std::size_t length) {
    if (offset > bytes.size() || length > bytes.size() - offset)
        detail::throw_truncated(offset, length, bytes.size());
    return bytes.subspan(offset, length);
}

/// Little-endian load at a byte offset. @throws Error when it does not lie inside.
template <std::unsigned_integral T>
T load_le(ByteView bytes, std::size_t offset) {
    const ByteView part = slice(bytes, offset, sizeof(T));
    T value = 0;
    for (std::size_t i = sizeof(T); i-- > 0;)
        value = static_cast<T>(static_cast<std::uint64_t>(value) << 8U | part[i]);
    return value;
}

/// Big-endian load at a byte offset. @throws Error when it does not lie inside.
template <std::unsigned_integral T>
T load_be(ByteView bytes, std::size_t offset) {
    const ByteView part = slice(bytes, offset, sizeof(T));
    T value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i)
        value = static_cast<T>(static_cast<std::uint64_t>(value) << 8U | part[i]);
    return value;
}

/// Little-endian store at a byte offset. @throws Error when it does not lie inside.
template <std::unsigned_integral T>
void store_le(MutableByteView bytes, std::size_t offset, T value) {
    const MutableByteView part = slice(bytes, offset, sizeof(T));
    for (std::size_t i = 0; i < sizeof(T); ++i)
        part[i] = static_cast<std::uint8_t>(static_cast<std::uint64_t>(value) >> (8U * i));
}

/// Big-endian store at a byte offset. @throws Error when it does not lie inside.
template <std::unsigned_integral T>
void store_be(MutableByteView bytes, std::size_t offset, T value) {
    const MutableByteView part = slice(bytes, offset, sizeof(T));
    for (std::size_t i = 0; i < sizeof(T); ++i)
        part[i] = static_cast<std::uint8_t>(static_cast<std::uint64_t>(value) >> (8U * (sizeof(T) - 1 - i)));
}

/// True when every byte is zero. Fast: it is on the hot path of a capture.
bool all_zero(ByteView bytes) noexcept;

/// Lower-case hexadecimal, no separators.
std::string to_hex(ByteView bytes);

/// a + b. @throws Error("...too large") on overflow; for sizes and offsets that come from the outside.
std::uint64_t checked_add(std::uint64_t a, std::uint64_t b);
/// a * b, checked as checked_add is.
std::uint64_t checked_mul(std::uint64_t a, std::uint64_t b);

} // namespace ntferry
