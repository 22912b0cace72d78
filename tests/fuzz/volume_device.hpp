// A disk in memory for the fuzz targets of the volume room.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/block/device.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

namespace ntferry::fuzz {

/// Writable, as large as its bytes or as said; what lies beyond the bytes reads as zeros and swallows writes.
class FuzzDevice final : public block::BlockDevice {
  public:
    explicit FuzzDevice(Bytes bytes, std::uint64_t size = 0)
        : bytes_(std::move(bytes)), size_(std::max<std::uint64_t>(size, bytes_.size())) {}
    std::string name() const override { return "fuzz"; }
    std::uint64_t size() const override { return size_; }
    bool writable() const override { return true; }
    void read(std::uint64_t offset, MutableByteView out) override {
        check_range(offset, out.size());
        std::fill(out.begin(), out.end(), std::uint8_t{0});
        if (offset >= bytes_.size())
            return;
        const auto length =
            static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), bytes_.size() - offset));
        std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(offset), length, out.begin());
    }
    void write(std::uint64_t offset, ByteView data) override {
        check_range(offset, data.size());
        if (offset >= bytes_.size())
            return;
        const auto length =
            static_cast<std::size_t>(std::min<std::uint64_t>(data.size(), bytes_.size() - offset));
        std::copy_n(data.begin(), length, bytes_.begin() + static_cast<std::ptrdiff_t>(offset));
    }

  private:
    Bytes bytes_;
    std::uint64_t size_;
};

} // namespace ntferry::fuzz
