// PortBus: the 64 Ki I/O ports. Claiming a port twice is a mistake that names both claimants.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/base/bytes.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ntferry::vmm {

/// A device with ports. width is 1, 2 or 4 bytes; port is absolute; values are zero-extended.
class PortDevice {
  public:
    virtual ~PortDevice() = default;
    virtual std::uint32_t port_read(std::uint16_t port, unsigned width) = 0;
    virtual void port_write(std::uint16_t port, unsigned width, std::uint32_t value) = 0;
    /// REP INS: fills out with out.size() / width values. Devices with a data port override it to copy at
    /// once.
    virtual void port_read_block(std::uint16_t port, unsigned width, MutableByteView out);
    /// REP OUTS, likewise.
    virtual void port_write_block(std::uint16_t port, unsigned width, ByteView data);
};

/// Dispatch by a flat table. An access wider than one byte goes to the device that claims its first port;
/// parts that other devices claim are split off byte by byte. Unclaimed ports read FFh.
class PortBus {
  public:
    PortBus();
    /// @throws Error naming both devices when a port is taken
    void claim(std::uint16_t first, std::uint16_t count, PortDevice& device, std::string_view name);
    /// For devices that move (PCI BARs). Only ports of this device are given up.
    void release(std::uint16_t first, std::uint16_t count, PortDevice& device);

    std::uint32_t read(std::uint16_t port, unsigned width);
    void write(std::uint16_t port, unsigned width, std::uint32_t value);
    void read_block(std::uint16_t port, unsigned width, MutableByteView out);
    void write_block(std::uint16_t port, unsigned width, ByteView data);
    /// Who claims a port; empty when nobody does.
    std::string_view owner(std::uint16_t port) const;

  private:
    struct Claim {
        PortDevice* device;
        std::string name;
    };
    bool spans_owners(std::uint16_t port, unsigned width) const;
    std::vector<Claim> claims_;                              ///< [0] is nobody
    std::unique_ptr<std::array<std::uint8_t, 65536>> table_; ///< index into claims_
};

} // namespace ntferry::vmm
