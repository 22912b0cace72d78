// Image: one VHD file as a BlockDevice, with what VHD adds to that.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/block/device.hpp"
#include "converter/block/vhd/layout.hpp"

#include <memory>
#include <vector>

namespace ntferry::block::vhd {

/// Promises (durability): what was written before a flush() that returned is there after kill -9 or a power
/// cut. Writes after it may be lost or there, sector by sector; the image always opens again.
class Image : public BlockDevice {
  public:
    /// Footer and header as they are now.
    virtual Layout layout() const = 0;
    /// The parent that reads fall through to; nullptr without one.
    virtual BlockDevice* parent() const { return nullptr; }
    /// What this file itself stores: data, or hole where the parent or zeros show.
    virtual std::vector<Extent> own_extents(std::uint64_t offset, std::uint64_t length) = 0;
    /// The range reads as zeros afterwards; frees space where it can.
    virtual void zero(std::uint64_t offset, std::uint64_t length) = 0;
    /// Asks the system to begin writing out what was appended so far; promises nothing.
    virtual void start_writeback() {}
};

using ImagePtr = std::unique_ptr<Image>;

} // namespace ntferry::block::vhd
