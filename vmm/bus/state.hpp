// Saved device state: a flat little-endian stream of named, versioned, length-checked sections.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/base/bytes.hpp"

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace ntferry::vmm {

/// Collects the fields of one device.
class StateWriter {
  public:
    /// First call of every save(): which layout the fields after it have.
    void version(std::uint16_t number) { put(number); }
    template <std::unsigned_integral T>
    void put(T value) {
        const std::size_t at = bytes_.size();
        bytes_.resize(at + sizeof(T));
        store_le<T>(MutableByteView(bytes_), at, value);
    }
    void put(bool value) { put(static_cast<std::uint8_t>(value ? 1 : 0)); }
    void put(std::int64_t value) { put(static_cast<std::uint64_t>(value)); }
    /// With its length in front.
    void put_bytes(ByteView data) {
        put(static_cast<std::uint64_t>(data.size()));
        bytes_.insert(bytes_.end(), data.begin(), data.end());
    }
    const Bytes& bytes() const { return bytes_; }

  private:
    Bytes bytes_;
};

/// Reads what a StateWriter wrote. Everything throws Error when the state does not fit: it is a file, so
/// hostile.
class StateReader {
  public:
    explicit StateReader(ByteView bytes) : bytes_(bytes) {}
    /// @throws Error unless the stored version is between oldest and newest; returns it
    std::uint16_t version(std::uint16_t oldest, std::uint16_t newest);
    template <std::unsigned_integral T>
    T get() {
        const T value = load_le<T>(bytes_, at_);
        at_ += sizeof(T);
        return value;
    }
    bool get_bool() { return get<std::uint8_t>() != 0; }
    std::int64_t get_signed() { return static_cast<std::int64_t>(get<std::uint64_t>()); }
    /// Fills out; the stored length must be out.size().
    void get_bytes(MutableByteView out);
    /// At most limit bytes.
    Bytes get_bytes(std::uint64_t limit);
    bool at_end() const { return at_ == bytes_.size(); }

  private:
    ByteView bytes_;
    std::size_t at_ = 0;
};

} // namespace ntferry::vmm
