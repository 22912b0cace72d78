// Device: what every chip of the machine offers beside its registers.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "vmm/bus/state.hpp"

#include <string_view>

namespace ntferry::vmm {

/// A chip. Called under the machine lock; knows nothing of KVM, threads or files. Values that come from the
/// guest never assert and never throw.
class Device {
  public:
    Device() = default;
    Device(const Device&) = delete;
    Device& operator=(const Device&) = delete;
    virtual ~Device() = default;

    /// Stable name: "pit", "ide0", "vga". Messages and saved states use it.
    virtual std::string_view name() const = 0;
    /// Hardware reset: every register as its datasheet says.
    virtual void reset() = 0;
    /// Writes everything that the guest could observe, versioned.
    virtual void save(StateWriter& writer) const = 0;
    /// The reverse. @throws Error for a version or value that does not fit; the device is then to be reset.
    virtual void load(StateReader& reader) = 0;
};

} // namespace ntferry::vmm
