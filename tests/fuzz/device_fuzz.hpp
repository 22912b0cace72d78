// The shared part of the device fuzz targets: a stream of random accesses, time steps, resets and state
// round trips. SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/devices/bench.hpp"
#include "vmm/bus/pci.hpp"

#include <array>
#include <cstdlib>
#include <vector>

namespace ntferry::vmm::test {

/// First port and number of ports that are worth an access.
struct PortRange {
    std::uint16_t first;
    std::uint16_t count;
};

struct FuzzTarget {
    Bench& bench;
    std::vector<PortRange> ports;
    std::vector<Device*> devices;
    PciFunction* pci = nullptr; ///< configuration space, when it has one
    GuestAddress mmio_start = 0;
    std::uint64_t mmio_length = 0;
};

/// Takes integers from the fuzzer's bytes; zeros when they are used up.
class FuzzInput {
  public:
    explicit FuzzInput(ByteView data) : data_(data) {}
    bool empty() const { return at_ >= data_.size(); }
    std::uint8_t byte() { return empty() ? std::uint8_t{0} : data_[at_++]; }
    std::uint32_t word(unsigned width) {
        std::uint32_t value = 0;
        for (unsigned i = 0; i < width; ++i)
            value |= static_cast<std::uint32_t>(byte()) << (8U * i);
        return value;
    }

  private:
    ByteView data_;
    std::size_t at_ = 0;
};

/// Runs the operations that the input spells; ends early after 4096 of them.
inline void fuzz_device(FuzzTarget& target, ByteView data) {
    FuzzInput input(data);
    Bench& bench = target.bench;
    for (unsigned operations = 0; operations < 4096 && !input.empty(); ++operations) {
        const std::uint8_t op = input.byte();
        const unsigned width = 1U << (op >> 4U & 3U) % 3U;
        const auto port = [&] {
            const PortRange& range = target.ports[input.byte() % target.ports.size()];
            return static_cast<std::uint16_t>(range.first +
                                              input.word(range.count > 256 ? 2 : 1) % range.count);
        };
        switch (op & 0x0FU) {
        case 0:
        case 1:
        case 2:
        case 3:
        case 4: {
            if (target.ports.empty())
                break;
            const std::uint16_t at = port();
            bench.ports.write(at, width, input.word(width));
            break;
        }
        case 5:
        case 6:
            if (!target.ports.empty())
                bench.ports.read(port(), width);
            break;
        case 7: {
            std::array<std::uint8_t, 1024> block{};
            const std::size_t length = (input.byte() % 128U + 1U) * 8U;
            if (target.ports.empty())
                break;
            const std::uint16_t at = port();
            if ((op & 0x40U) != 0) {
                block.fill(input.byte());
                bench.ports.write_block(at, width, ByteView(block).first(length));
            } else {
                bench.ports.read_block(at, width, MutableByteView(block).first(length));
            }
            break;
        }
        case 8:
            bench.step(input.word(1));
            break;
        case 9:
            bench.step_us(input.word(2));
            break;
        case 10:
            bench.step_ms(input.byte());
            break;
        case 11:
            if (target.mmio_length != 0)
                bench.mmio.write(target.mmio_start + input.word(3) % target.mmio_length, width,
                                 input.word(width));
            break;
        case 12:
            if (target.mmio_length != 0)
                bench.mmio.read(target.mmio_start + input.word(3) % target.mmio_length, width);
            break;
        case 13:
            if (target.pci != nullptr) {
                const auto offset = static_cast<std::uint8_t>(input.byte() & ~(width - 1U));
                if ((op & 0x40U) != 0)
                    target.pci->config_read(offset, width);
                else
                    target.pci->config_write(offset, width, input.word(width));
            }
            break;
        case 14: {
            // Guest memory holds what DMA descriptors are read from.
            const std::uint32_t at = input.word(2);
            const std::uint32_t value = input.word(4);
            bench.memory.write32(at % bench.ram.size(), value);
            break;
        }
        default:
            for (Device* device : target.devices) {
                if ((op & 0x40U) != 0) {
                    device->reset();
                } else if ((op & 0x80U) != 0) {
                    // A state of our own making always loads and comes back the same.
                    const Bytes state = saved_state(*device);
                    device->reset();
                    load_state(*device, state);
                    if (saved_state(*device) != state)
                        std::abort();
                } else {
                    // A hostile one is refused with an Error or taken; it never breaks anything.
                    Bytes state = saved_state(*device);
                    const std::size_t flips = input.byte() % 8U;
                    for (std::size_t i = 0; i < flips && !state.empty(); ++i)
                        state[input.word(2) % state.size()] ^= input.byte();
                    try {
                        load_state(*device, state);
                    } catch (const Error&) {
                        device->reset();
                    }
                }
            }
            break;
        }
    }
}

} // namespace ntferry::vmm::test
