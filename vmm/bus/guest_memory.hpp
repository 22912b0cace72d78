// GuestMemory: the guest's RAM as devices see it. Every access is bounds-checked.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/base/bytes.hpp"

#include <cstdint>
#include <functional>
#include <vector>

namespace ntferry::vmm {

using GuestAddress = std::uint64_t;

/// RAM regions by guest physical address. Does not own the memory. Addresses come from the guest: a bad one
/// is its problem, never ours, so accesses report false instead of throwing; reads of nothing give FFh as a
/// real bus does.
class GuestMemory {
  public:
    /// @param bytes lives as long as this object. Regions must not overlap.
    void add_region(GuestAddress start, MutableByteView bytes);

    /// Copies from RAM, across adjacent regions; parts outside RAM become FFh and make the result false.
    bool read(GuestAddress address, MutableByteView out) const;
    /// Copies to RAM; parts outside RAM are dropped and make the result false.
    bool write(GuestAddress address, ByteView data);
    /// The RAM itself, for DMA without a copy; empty unless the range lies inside one region.
    MutableByteView span(GuestAddress address, std::uint64_t length) const;

    /// Called after each write(): one that waits for what devices write is not told otherwise.
    std::function<void()> on_write;

    std::uint8_t read8(GuestAddress address) const;
    std::uint16_t read16(GuestAddress address) const;
    std::uint32_t read32(GuestAddress address) const;
    void write8(GuestAddress address, std::uint8_t value);
    void write16(GuestAddress address, std::uint16_t value);
    void write32(GuestAddress address, std::uint32_t value);

  private:
    struct Region {
        GuestAddress start;
        MutableByteView bytes;
    };
    const Region* find(GuestAddress address) const;
    std::vector<Region> regions_; ///< sorted by start
};

} // namespace ntferry::vmm
