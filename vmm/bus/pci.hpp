// PCI: configuration space of one function, and what a function may ask of the bus it sits on.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// PCI Local Bus Specification 2.1, chapter 6 (configuration space), 6.2.5 (base addresses).
#pragma once

#include "vmm/bus/device.hpp"

#include <array>
#include <cstdint>

namespace ntferry::vmm {

/// Bus 0 only: device 0-31, function 0-7.
struct PciAddress {
    std::uint8_t device = 0;
    std::uint8_t function = 0;
    bool operator==(const PciAddress&) const = default;
};

/// A PCI function: 256 bytes of configuration space behind write masks.
///
/// A subclass fills config(), write_mask() and w1c_mask() in reset(), and reacts in config_written().
/// Accesses never cross a dword. A subclass with BARs moves its claims there.
class PciFunction : public Device {
  public:
    static constexpr std::size_t config_size = 256;

    std::uint32_t config_read(std::uint8_t offset, unsigned width) const;
    void config_write(std::uint8_t offset, unsigned width, std::uint32_t value);

    std::uint16_t command() const { return load_le<std::uint16_t>(config_, 0x04); }
    bool io_enabled() const { return (command() & 1U) != 0; }
    bool memory_enabled() const { return (command() & 2U) != 0; }
    bool bus_master_enabled() const { return (command() & 4U) != 0; }

  protected:
    /// Bytes [offset, offset + width) were written; config() holds the new values.
    virtual void config_written(std::uint8_t offset, unsigned width) {
        static_cast<void>(offset);
        static_cast<void>(width);
    }
    MutableByteView config() { return config_; }
    ByteView config() const { return config_; }
    /// A one bit is writable by the guest.
    MutableByteView write_mask() { return write_mask_; }
    /// A one bit is cleared by writing one.
    MutableByteView w1c_mask() { return w1c_mask_; }
    /// Sets id, class and the masks every type 0 header has; clears the rest.
    void reset_header(std::uint16_t vendor, std::uint16_t device_id, std::uint32_t class_code,
                      std::uint8_t revision);
    void save_config(StateWriter& writer) const;
    void load_config(StateReader& reader);

  private:
    std::array<std::uint8_t, config_size> config_{};
    std::array<std::uint8_t, config_size> write_mask_{};
    std::array<std::uint8_t, config_size> w1c_mask_{};
};

} // namespace ntferry::vmm
