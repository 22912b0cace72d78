// Bench: a device on a desk. Ports, memory, a clock stepped by hand and probes on its interrupt lines.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "vmm/bus/clock.hpp"
#include "vmm/bus/device.hpp"
#include "vmm/bus/guest_memory.hpp"
#include "vmm/bus/irq_line.hpp"
#include "vmm/bus/mmio_bus.hpp"
#include "vmm/bus/port_bus.hpp"

#include <cstdint>

namespace ntferry::vmm::test {

/// An interrupt line that remembers what happened to it.
class ProbeLine final : public IrqLine {
  public:
    void set(bool level) override {
        if (level && !level_)
            ++rises_;
        level_ = level;
    }
    bool level() const { return level_; }
    /// Low-to-high changes so far.
    unsigned rises() const { return rises_; }
    /// Low-to-high changes since the last call.
    unsigned take_rises() {
        const unsigned count = rises_ - taken_;
        taken_ = rises_;
        return count;
    }

  private:
    bool level_ = false;
    unsigned rises_ = 0;
    unsigned taken_ = 0;
};

/// What a device test needs, like QEMU's qtest but in the process. Give its members to the constructor of
/// the device under test, which claims its ports (or let the test claim them).
struct Bench {
    explicit Bench(std::size_t ram_bytes = 64U << 10U) : ram(ram_bytes) { memory.add_region(0, ram); }

    ManualClock clock;
    PortBus ports;
    MmioBus mmio;
    Bytes ram; ///< guest memory from address 0
    GuestMemory memory;
    ProbeLine irq;

    std::uint8_t inb(std::uint16_t port) { return static_cast<std::uint8_t>(ports.read(port, 1)); }
    std::uint16_t inw(std::uint16_t port) { return static_cast<std::uint16_t>(ports.read(port, 2)); }
    std::uint32_t inl(std::uint16_t port) { return ports.read(port, 4); }
    void outb(std::uint16_t port, std::uint8_t value) { ports.write(port, 1, value); }
    void outw(std::uint16_t port, std::uint16_t value) { ports.write(port, 2, value); }
    void outl(std::uint16_t port, std::uint32_t value) { ports.write(port, 4, value); }

    void step(Nanoseconds by) { clock.advance(by); }
    void step_us(std::int64_t by) { clock.advance(by * 1000); }
    void step_ms(std::int64_t by) { clock.advance(by * 1'000'000); }
};

/// What save() writes.
inline Bytes saved_state(const Device& device) {
    StateWriter writer;
    device.save(writer);
    return writer.bytes();
}

inline void load_state(Device& device, const Bytes& state) {
    StateReader reader(state);
    device.load(reader);
}

/// True when a device that was reset and then given the state of another saves the same bytes again and has
/// read all of them.
inline bool survives_save_and_load(const Device& from, Device& to) {
    const Bytes state = saved_state(from);
    to.reset();
    StateReader reader(state);
    to.load(reader);
    return reader.at_end() && saved_state(to) == state;
}

} // namespace ntferry::vmm::test
