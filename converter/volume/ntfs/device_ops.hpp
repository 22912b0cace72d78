// A BlockDevice behind libntfs-3g's device interface: no files, no loop devices.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/block/device.hpp"
#include "converter/volume/ntfs/libntfs.hpp"

#include <cstdint>
#include <string>

namespace ntferry::volume::ntfs {

/// The private data of our ntfs_device. Outlives it.
struct DeviceState {
    block::BlockDevice* device = nullptr;
    bool read_only = true;
    std::int64_t position = 0;
    /// Requests left for the running operation. A damaged index that points at itself would otherwise keep
    /// the library busy for ever; it gets EIO instead.
    std::uint64_t budget = 0;
    std::string error; ///< message of the last failed request of the running operation

    static constexpr std::uint64_t operation_budget = 200'000;
    /// A new operation, or a bounded step of a long one, starts.
    void refill() { budget = operation_budget; }
};

/// @param state lives longer than the device
/// @return what ntfs_device_mount takes; nullptr when memory is short
ntfs_device* make_device(DeviceState& state);

} // namespace ntferry::volume::ntfs
