// Dma8237: the two 8237A DMA controllers of a PC with their page registers.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Intel 8237A data sheet (order 231466); 82371SB (PIIX3) data sheet
// 290550, 2.5.1 (DMA registers), 3.5. Left out: memory to memory, compressed
// timing, software requests that start a transfer. A transfer is moved at once,
// as far as the device has data or room.
#pragma once

#include "vmm/bus/device.hpp"
#include "vmm/bus/guest_memory.hpp"
#include "vmm/bus/port_bus.hpp"

#include <array>

namespace ntferry::vmm {

/// Channels 0-3 move bytes, 5-7 words; 4 cascades the first controller.
class Dma8237 final : public Device, public PortDevice {
  public:
    struct Moved {
        std::size_t bytes = 0;
        bool terminal_count = false; ///< TC was asserted with the last of them
    };

    /// Claims 00h-0Fh, 80h-8Fh and C0h-DFh.
    Dma8237(PortBus& ports, GuestMemory& memory);
    ~Dma8237() override;

    /// A device asserts or drops DREQ; only the status register shows it.
    void set_request(unsigned channel, bool active);
    /// Device to memory. Moves nothing while the channel is masked or the
    /// controller disabled. In verify mode, or when the channel is set up for the
    /// other direction, counts without touching memory.
    Moved to_memory(unsigned channel, ByteView data);
    /// Memory to device; out is zero where the channel does not read memory.
    Moved from_memory(unsigned channel, MutableByteView out);

    std::string_view name() const override { return "dma"; }
    void reset() override;
    void save(StateWriter& writer) const override;
    void load(StateReader& reader) override;
    std::uint32_t port_read(std::uint16_t port, unsigned width) override;
    void port_write(std::uint16_t port, unsigned width, std::uint32_t value) override;

  private:
    struct Channel {
        std::uint16_t base_address = 0;
        std::uint16_t base_count = 0;
        std::uint16_t address = 0;
        std::uint16_t count = 0;
        std::uint8_t mode = 0;
    };
    struct Controller {
        std::array<Channel, 4> channels;
        std::uint8_t command = 0;
        std::uint8_t status = 0; ///< bits 3-0 terminal counts, 7-4 requests
        std::uint8_t mask = 0x0F;
        std::uint8_t software_request = 0;
        bool high_byte = false; ///< the byte pointer flip-flop
    };

    std::uint8_t read_register(Controller& chip, unsigned index);
    void write_register(Controller& chip, unsigned index, std::uint8_t value);
    bool usable(unsigned channel) const;
    /// Calls move(address, offset, count) for every stretch of memory.
    template <typename Move>
    Moved transfer(unsigned channel, std::size_t length, Move move);

    PortBus& ports_;
    GuestMemory& memory_;
    std::array<Controller, 2> chips_;
    std::array<std::uint8_t, 16> pages_{};
};

} // namespace ntferry::vmm
