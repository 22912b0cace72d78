// 82093AA I/O APIC: 24 inputs that become messages to the local APICs.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Intel 82093AA data sheet, order 290566-001: IOREGSEL and IOWIN, 3.2 (register set). The local APICs live in
// the hypervisor; this chip hands it messages in the form of an MSI (SDM volume 3A, 10.11).
#pragma once

#include "vmm/bus/device.hpp"
#include "vmm/bus/mmio_bus.hpp"

#include <array>
#include <functional>

namespace ntferry::vmm {

class IoApic final : public Device, public MmioDevice {
  public:
    static constexpr GuestAddress default_address = 0xFEC00000;
    static constexpr unsigned pins = 24;

    struct Message {
        std::uint32_t address = 0;
        std::uint32_t data = 0;
        /// The input is not masked, or its level interrupt is still in service: its end has to be told.
        bool valid = false;
        bool operator==(const Message&) const = default;
    };
    /// @param send delivers a message; @param changed called when the table of messages changed
    IoApic(MmioBus& mmio, std::function<void(const Message&)> send, std::function<void()> changed);

    void set_pin(unsigned pin, bool level);
    bool masked(unsigned pin) const;
    /// A local APIC has ended an interrupt of a level-triggered vector.
    void end_of_interrupt(std::uint8_t vector);
    Message message(unsigned pin) const;

    std::string_view name() const override { return "ioapic"; }
    void reset() override;
    void save(StateWriter& writer) const override;
    void load(StateReader& reader) override;
    std::uint64_t mmio_read(std::uint64_t offset, unsigned width) override;
    void mmio_write(std::uint64_t offset, unsigned width, std::uint64_t value) override;

  private:
    std::uint32_t read_register() const;
    void write_register(std::uint32_t value);
    void service(unsigned pin);

    std::function<void(const Message&)> send_;
    std::function<void()> changed_;
    std::array<std::uint64_t, pins> redirection_{};
    std::array<bool, pins> lines_{};
    std::uint8_t select_ = 0;
    std::uint8_t id_ = 0;
};

} // namespace ntferry::vmm
