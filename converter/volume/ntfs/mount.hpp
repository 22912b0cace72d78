// A mounted NTFS volume: libntfs-3g's volume with its device, and errors in words.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/volume/ntfs/device_ops.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace ntferry::volume::ntfs {

enum class MountMode : std::uint8_t {
    read_only,            ///< nothing is ever written
    read_write,           ///< fails when $LogFile holds unreplayed records
    read_write_reset_log, ///< empties such a $LogFile first
};

class Mount {
  public:
    /// @throws Error when libntfs-3g refuses the volume
    Mount(block::SharedBlockDevice device, MountMode mode);
    ~Mount();
    Mount(const Mount&) = delete;
    Mount& operator=(const Mount&) = delete;

    ntfs_volume* volume() const { return volume_; }
    block::BlockDevice& device() const { return *device_; }
    bool writable() const { return !state_.read_only; }
    /// A new operation starts: its request budget is full, the last error forgotten.
    void begin() {
        state_.error.clear();
        state_.refill();
    }
    /// A bounded step of a long operation.
    void refill() { state_.refill(); }
    /// Writes out what the library holds back and closes. @throws Error when that fails; the destructor
    /// cannot.
    void unmount();

    /// The errno of a failed library call as an Error: "device: path: cannot ACTION: ...".
    [[noreturn]] void fail(std::string_view path, std::string_view action) const;

    /// $LogFile holds records that were not replayed, or cannot be understood.
    bool log_unclean();

  private:
    block::SharedBlockDevice device_;
    DeviceState state_;
    ntfs_volume* volume_ = nullptr;
};

} // namespace ntferry::volume::ntfs
