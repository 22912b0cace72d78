// A BlockDevice behind libntfs-3g's device interface: no files, no loop devices.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/block/device.hpp"
#include "converter/volume/ntfs/libntfs.hpp"

#include <array>
#include <cstdint>
#include <string>

namespace ntferry::volume::ntfs {

/// What was read last, in pieces. The library reads a record of 1 KiB at a time, the same ones for every
/// path, and behind a differencing image or a network each read costs more than its bytes.
class ReadCache {
  public:
    static constexpr std::size_t piece = 16384;
    static constexpr std::size_t pieces = 64;
    /// As device.read(); what lies around is read along, unless it cannot be read.
    /// @throws what device.read() throws for the bytes asked for
    void read(block::BlockDevice& device, std::uint64_t offset, MutableByteView out);

  private:
    struct Slot {
        std::uint64_t begin = 0;
        Bytes bytes; ///< empty: nothing yet
    };
    /// The piece that begins there; nothing where it cannot be read as a whole.
    const Slot* fetch(block::BlockDevice& device, std::uint64_t begin);
    std::array<Slot, pieces> slots_;
};

/// The private data of our ntfs_device. Outlives it.
struct DeviceState {
    block::BlockDevice* device = nullptr;
    bool read_only = true;
    std::int64_t position = 0;
    /// Requests left for the running operation. A damaged index that points at itself would otherwise keep
    /// the library busy for ever; it gets EIO instead.
    std::uint64_t budget = 0;
    ReadCache cache;   ///< used while read_only: nobody writes beside the library then
    std::string error; ///< message of the last failed request of the running operation

    static constexpr std::uint64_t operation_budget = 200'000;
    /// A new operation, or a bounded step of a long one, starts.
    void refill() { budget = operation_budget; }
};

/// @param state lives longer than the device
/// @return what ntfs_device_mount takes; nullptr when memory is short
ntfs_device* make_device(DeviceState& state);

} // namespace ntferry::volume::ntfs
