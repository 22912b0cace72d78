// Vm: one virtual machine of KVM: memory slots, coalesced rings, interrupt routing.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Linux Documentation/virt/kvm/api.rst.
#pragma once

#include "converter/base/bytes.hpp"
#include "vmm/bus/guest_memory.hpp"
#include "vmm/kvm/kvm_system.hpp"

#include <cstdint>
#include <functional>
#include <vector>

namespace ntferry::vmm::kvm {

enum class SlotAccess : std::uint8_t {
    read_write,
    read_only, ///< writes exit as MMIO
    log_dirty, ///< as read_write, with a log of written pages
};

/// A write that KVM collected instead of exiting.
struct CoalescedWrite {
    std::uint64_t address; ///< guest physical, or port
    std::uint32_t length;
    const std::uint8_t* data;
    bool port;
};

/// One message an interrupt controller sends to local APICs.
struct MsiRoute {
    std::uint32_t address = 0;
    std::uint32_t data = 0;
    bool valid = false;
};

class Vm {
  public:
    explicit Vm(const KvmSystem& system);
    Vm(const Vm&) = delete;
    Vm& operator=(const Vm&) = delete;

    int fd() const { return fd_.get(); }

    /// Puts memory into a slot; an empty view removes it. memory is page-aligned. @throws SystemError
    void set_slot(unsigned slot, GuestAddress address, MutableByteView memory, SlotAccess access);
    /// Pages written since the last call, one bit each.
    std::vector<std::uint64_t> dirty_log(unsigned slot, std::size_t bytes);

    /// Local APICs in the kernel, PIC, PIT and I/O APIC in user space. Before the first vCPU.
    void use_split_irqchip(unsigned io_apic_pins);
    bool local_apics() const { return local_apics_; }
    /// Where the pins of the I/O APIC lead: the kernel then tells about EOIs of level ones.
    void set_routes(const std::vector<MsiRoute>& routes);
    void send_msi(const MsiRoute& message);

    /// Collect writes of a range. False when this KVM cannot.
    bool coalesce_mmio(GuestAddress address, std::uint32_t length);
    bool coalesce_port(std::uint16_t port, std::uint32_t length);
    /// The same range again: its writes exit. What the ring holds stays there until drain().
    void uncoalesce_port(std::uint16_t port, std::uint32_t length);
    /// Hands over what was collected, oldest first. The machine lock keeps readers apart; the kernel writes
    /// beside them.
    template <typename F>
    void drain(F&& handle);
    bool has_coalesced() const;
    /// The ring: one page in the mapping of the first vCPU.
    void set_ring(std::uint8_t* page) { ring_ = page; }
    unsigned coalesced_page() const { return coalesced_page_; }
    std::uint64_t drained_writes() const { return drained_; }

  private:
    bool next_coalesced(CoalescedWrite& write, std::uint8_t (&data)[8]);
    bool coalesce(std::uint64_t address, std::uint32_t length, bool port, unsigned long request);

    FileDescriptor fd_;
    unsigned coalesced_page_ = 0;
    bool coalesced_ports_ = false;
    bool local_apics_ = false;
    std::uint8_t* ring_ = nullptr;
    std::uint64_t drained_ = 0;
};

template <typename F>
void Vm::drain(F&& handle) {
    CoalescedWrite write;
    std::uint8_t data[8];
    while (next_coalesced(write, data))
        handle(write);
}

} // namespace ntferry::vmm::kvm
