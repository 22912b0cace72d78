// RescuedDevice: an image that ddrescue made, with its map: what was not read is an error, not zeros.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/block/device.hpp"
#include "converter/block/rescue_map.hpp"

#include <optional>
#include <string>

namespace ntferry::block {

/// The map of GNU ddrescue that lies beside this image and says that parts of it were not read, if there is
/// one: IMAGE.map, IMAGE.mapfile, IMAGE.log, or these endings in place of the image's own.
std::optional<std::string> unfinished_map_beside(const std::string& image);

/// As big as the disk that was read: an image of a run that was cut off ends before its map does.
class RescuedDevice final : public BlockDevice {
  public:
    RescuedDevice(BlockDevicePtr image, RescueMap map);
    std::string name() const override { return image_->name(); }
    std::uint64_t size() const override { return map_.size(); }
    /// @throws ReadError for the first part that the map does not call finished
    void read(std::uint64_t offset, MutableByteView out) override;
    std::vector<Extent> extents(std::uint64_t offset, std::uint64_t length) override;

  private:
    BlockDevicePtr image_;
    RescueMap map_;
};

} // namespace ntferry::block
