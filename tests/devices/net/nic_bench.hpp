// A network adapter on a table: ports, memory, a clock stepped by hand, a wire that records.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "vmm/bus/backends.hpp"
#include "vmm/bus/clock.hpp"
#include "vmm/bus/guest_memory.hpp"
#include "vmm/bus/irq_line.hpp"
#include "vmm/bus/mmio_bus.hpp"
#include "vmm/bus/pci.hpp"
#include "vmm/bus/port_bus.hpp"

#include <deque>
#include <vector>

namespace ntferry::test {

/// A wire: remembers what was sent, delivers what is queued when there is room.
struct RecordingNet final : vmm::NetBackend {
    void attach(vmm::NetReceiver* to) override { receiver = to; }
    void send_frame(ByteView frame) override { sent.emplace_back(frame.begin(), frame.end()); }
    void receive_ready() override {
        while (!queue.empty() && receiver != nullptr && receiver->receive_frame(queue.front()))
            queue.pop_front();
    }
    bool link_up() const override { return link; }
    void deliver(const Bytes& frame) {
        queue.push_back(frame);
        receive_ready();
    }
    vmm::NetReceiver* receiver = nullptr;
    std::vector<Bytes> sent;
    std::deque<Bytes> queue;
    bool link = true;
};

struct LevelIrq final : vmm::IrqLine {
    void set(bool to) override { level = to; }
    bool level = false;
};

struct NicBench {
    vmm::PortBus ports;
    vmm::MmioBus mmio;
    Bytes ram;
    vmm::GuestMemory memory;
    vmm::ManualClock clock;
    LevelIrq irq;
    RecordingNet net;
    static constexpr std::uint16_t io = 0xC000;
    static constexpr std::uint32_t mmio_base = 0xF0000000;

    explicit NicBench(std::size_t memory_size = 1U << 20U) : ram(memory_size) { memory.add_region(0, ram); }

    /// BAR0 at io, BAR1 at mmio_base, I/O, memory and bus master on.
    static void enable(vmm::PciFunction& nic) {
        nic.config_write(0x10, 4, io);
        nic.config_write(0x14, 4, mmio_base);
        nic.config_write(0x04, 2, 7);
    }
    std::uint32_t in(std::uint16_t offset, unsigned width) {
        return ports.read(static_cast<std::uint16_t>(io + offset), width);
    }
    void out(std::uint16_t offset, unsigned width, std::uint32_t value) {
        ports.write(static_cast<std::uint16_t>(io + offset), width, value);
    }
    Bytes bytes_at(std::uint32_t address, std::size_t length) {
        return {ram.begin() + address, ram.begin() + address + static_cast<std::ptrdiff_t>(length)};
    }
};

/// A frame with these addresses; the payload counts up.
inline Bytes make_frame(const std::array<std::uint8_t, 6>& to, std::size_t length, std::uint8_t first = 0) {
    Bytes frame(length);
    std::copy(to.begin(), to.end(), frame.begin());
    frame[6] = 0x02;
    frame[12] = 0x08;
    for (std::size_t i = 14; i < length; ++i)
        frame[i] = static_cast<std::uint8_t>(first + i);
    return frame;
}

} // namespace ntferry::test
