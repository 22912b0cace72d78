// Random ports, widths, values, frames and time steps at the Am79C970A.
// SPDX-License-Identifier: GPL-3.0-or-later
// LINK: ntferry_vmm_devices
#include "tests/devices/net/nic_bench.hpp"
#include "vmm/devices/net/pcnet.hpp"

#include <algorithm>

using namespace ntferry;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    test::NicBench bench;
    bench.ram.assign(0x10000, 0);
    bench.memory = vmm::GuestMemory();
    bench.memory.add_region(0, bench.ram);
    vmm::net::Pcnet nic({"net0", {2, 0, 0, 0, 0, 1}}, bench.ports, bench.mmio, bench.memory, bench.clock,
                        bench.irq, bench.net);
    test::NicBench::enable(nic);
    std::size_t at = 0;
    const auto next = [&] { return at < size ? data[at++] : std::uint8_t{0}; };
    const auto next32 = [&] {
        std::uint32_t value = next();
        value |= static_cast<std::uint32_t>(next()) << 8U;
        value |= static_cast<std::uint32_t>(next()) << 16U;
        return value | static_cast<std::uint32_t>(next()) << 24U;
    };
    while (at < size) {
        const std::uint8_t operation = next();
        const unsigned width = 1U << (operation >> 6U) % 3;
        switch (operation & 7U) {
        case 0:
            bench.in(next() & 31U, width);
            break;
        case 1:
        case 2:
            bench.out(next() & 31U, width, next32());
            break;
        case 3: { // a register pair write, which plain bytes hit too rarely
            bench.out(0x12, 2, next());
            bench.out(operation & 8U ? 0x16 : 0x10, 2, next32());
            break;
        }
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
    return 0;
}
