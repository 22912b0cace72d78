// MmioBus: guest physical ranges that are registers, not RAM.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "vmm/bus/guest_memory.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ntferry::vmm {

/// A device with memory-mapped registers. offset is from the start of the claimed range; width is 1, 2, 4
/// or 8.
class MmioDevice {
  public:
    virtual ~MmioDevice() = default;
    virtual std::uint64_t mmio_read(std::uint64_t offset, unsigned width) = 0;
    virtual void mmio_write(std::uint64_t offset, unsigned width, std::uint64_t value) = 0;
};

/// Sorted ranges without overlap; unclaimed addresses read as ones.
class MmioBus {
  public:
    /// @throws Error naming both devices on overlap
    void claim(GuestAddress start, std::uint64_t length, MmioDevice& device, std::string_view name);
    void release(GuestAddress start, MmioDevice& device);
    std::uint64_t read(GuestAddress address, unsigned width);
    void write(GuestAddress address, unsigned width, std::uint64_t value);

  private:
    struct Claim {
        GuestAddress start;
        std::uint64_t length;
        MmioDevice* device;
        std::string name;
    };
    Claim* find(GuestAddress address, unsigned width);
    std::vector<Claim> claims_; ///< sorted by start
};

} // namespace ntferry::vmm
