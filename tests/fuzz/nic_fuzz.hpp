// Random ports, widths, values, frames and time steps at a network adapter.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/devices/net/nic_bench.hpp"

#include <algorithm>

namespace ntferry::test {

/// Drives one adapter with what the fuzzer gives. ports: how many its I/O window has.
template <typename Nic>
void fuzz_nic(const std::uint8_t* data, std::size_t size, std::uint16_t ports) {
    NicBench bench(0x10000);
    Nic nic({"net0", {2, 0, 0, 0, 0, 1}}, bench.ports, bench.mmio, bench.memory, bench.clock, bench.irq,
            bench.net);
    NicBench::enable(nic);
    std::size_t at = 0;
    const auto next = [&] { return at < size ? data[at++] : std::uint8_t{0}; };
    const auto next32 = [&] {
        std::uint32_t value = next();
        value |= static_cast<std::uint32_t>(next()) << 8U;
        value |= static_cast<std::uint32_t>(next()) << 16U;
        return value | static_cast<std::uint32_t>(next()) << 24U;
    };
    const auto port = [&] { return static_cast<std::uint16_t>(next() % ports); };
    while (at < size) {
        const std::uint8_t operation = next();
        const unsigned width = 1U << (operation >> 6U) % 3;
        switch (operation & 7U) {
        case 0:
            bench.in(port(), width);
            break;
        case 1:
            bench.out(port(), width, next32());
            break;
        case 2: // the accesses drivers make, which plain bytes hit too rarely
            bench.out(port() & 0xF8U, 4, next32());
            break;
        case 3:
            bench.out(0x12, 2, next());
            bench.out(operation & 8U ? 0x16 : 0x10, 2, next32());
            break;
        case 4: {
            const std::uint32_t address = next32() & 0xFFFFU;
            bench.memory.write32(address, next32());
            break;
        }
        case 5: {
            Bytes frame(next() * 6U + 14U);
            std::generate(frame.begin(), frame.end(), next);
            bench.net.deliver(frame);
            break;
        }
        case 6:
            bench.clock.advance(next32() & 0xFFFFFFU);
            break;
        default:
            nic.config_write(next() & 0xFCU, 4, next32());
            break;
        }
        bench.net.sent.clear();
        if (bench.net.queue.size() > 16)
            bench.net.queue.clear();
    }
}

} // namespace ntferry::test
