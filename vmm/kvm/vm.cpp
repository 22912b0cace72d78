// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/kvm/vm.hpp"

#include "vmm/kvm/kvm_structs.hpp"

#include <sys/ioctl.h>

#include <atomic>
#include <cerrno>
#include <cstring>

namespace ntferry::vmm::kvm {
namespace {

/// Three pages that VMX without unrestricted guest needs below 4 GiB, above everything a guest uses and below
/// the ROM.
constexpr std::uint64_t TSS_ADDRESS = 0xFFFB'D000;
constexpr std::uint64_t IDENTITY_MAP_ADDRESS = 0xFFFB'C000;
constexpr std::size_t PAGE = 4096;

} // namespace

Vm::Vm(const KvmSystem& system) {
    int fd = 0;
    do
        fd = ::ioctl(system.fd(), KVM_CREATE_VM, 0);
    while (fd < 0 && errno == EINTR);
    if (fd < 0)
        throw SystemError("/dev/kvm", "KVM_CREATE_VM", errno);
    fd_ = FileDescriptor(fd);
    // Only Intel hosts know these; elsewhere they fail and are not needed.
    std::uint64_t identity = IDENTITY_MAP_ADDRESS;
    static_cast<void>(::ioctl(fd, KVM_SET_IDENTITY_MAP_ADDR, &identity));
    static_cast<void>(::ioctl(fd, KVM_SET_TSS_ADDR, TSS_ADDRESS));
    if (const int page = system.extension(KVM_CAP_COALESCED_MMIO); page > 0)
        coalesced_page_ = static_cast<unsigned>(page);
    coalesced_ports_ = system.extension(KVM_CAP_COALESCED_PIO) > 0;
    // MSR accesses that KVM does not know come to us, with its own filter for nothing.
    kvm_enable_cap cap{};
    cap.cap = KVM_CAP_X86_USER_SPACE_MSR;
    cap.args[0] = KVM_MSR_EXIT_REASON_UNKNOWN | KVM_MSR_EXIT_REASON_INVAL;
    static_cast<void>(::ioctl(fd, KVM_ENABLE_CAP, &cap));
}

void Vm::set_slot(unsigned slot, GuestAddress address, MutableByteView memory, SlotAccess access) {
    kvm_userspace_memory_region region{};
    region.slot = slot;
    region.guest_phys_addr = address;
    region.memory_size = memory.size();
    region.userspace_addr = reinterpret_cast<std::uintptr_t>(memory.data());
    if (access == SlotAccess::read_only)
        region.flags = KVM_MEM_READONLY;
    if (access == SlotAccess::log_dirty)
        region.flags = KVM_MEM_LOG_DIRTY_PAGES;
    if (::ioctl(fd_.get(), KVM_SET_USER_MEMORY_REGION, &region) != 0)
        throw SystemError("guest memory", "KVM_SET_USER_MEMORY_REGION", errno);
}

std::vector<std::uint64_t> Vm::dirty_log(unsigned slot, std::size_t bytes) {
    std::vector<std::uint64_t> bitmap((bytes / 4096 + 63) / 64);
    kvm_dirty_log log{};
    log.slot = slot;
    log.dirty_bitmap = bitmap.data();
    if (::ioctl(fd_.get(), KVM_GET_DIRTY_LOG, &log) != 0)
        throw SystemError("guest memory", "KVM_GET_DIRTY_LOG", errno);
    return bitmap;
}

void Vm::use_split_irqchip(unsigned io_apic_pins) {
    kvm_enable_cap cap{};
    cap.cap = KVM_CAP_SPLIT_IRQCHIP;
    cap.args[0] = io_apic_pins;
    if (::ioctl(fd_.get(), KVM_ENABLE_CAP, &cap) != 0)
        throw SystemError("/dev/kvm", "local APICs in the kernel", errno,
                          "use a profile without an APIC on this host");
    local_apics_ = true;
}

void Vm::set_routes(const std::vector<MsiRoute>& routes) {
    EntryTable<kvm_irq_routing_entry> table(routes.size());
    for (std::size_t pin = 0; pin < routes.size(); ++pin) {
        if (!routes[pin].valid)
            continue;
        kvm_irq_routing_entry entry{};
        entry.gsi = static_cast<std::uint32_t>(pin);
        entry.type = KVM_IRQ_ROUTING_MSI;
        entry.u.msi.address_lo = routes[pin].address;
        entry.u.msi.data = routes[pin].data;
        table.add(entry);
    }
    if (::ioctl(fd_.get(), SET_GSI_ROUTING, table.data()) != 0)
        throw SystemError("/dev/kvm", "KVM_SET_GSI_ROUTING", errno);
}

void Vm::send_msi(const MsiRoute& message) {
    kvm_msi msi{};
    msi.address_lo = message.address;
    msi.data = message.data;
    // Fails when no APIC listens: as on a real bus, the message is lost.
    static_cast<void>(::ioctl(fd_.get(), KVM_SIGNAL_MSI, &msi));
}

bool Vm::coalesce(std::uint64_t address, std::uint32_t length, bool port, unsigned long request) {
    if (coalesced_page_ == 0 || (port && !coalesced_ports_))
        return false;
    kvm_coalesced_mmio_zone zone{};
    zone.addr = address;
    zone.size = length;
    zone.pio = port ? 1 : 0;
    return ::ioctl(fd_.get(), request, &zone) == 0;
}

bool Vm::coalesce_mmio(GuestAddress address, std::uint32_t length) {
    return coalesce(address, length, false, KVM_REGISTER_COALESCED_MMIO);
}

bool Vm::coalesce_port(std::uint16_t port, std::uint32_t length) {
    return coalesce(port, length, true, KVM_REGISTER_COALESCED_MMIO);
}

void Vm::uncoalesce_port(std::uint16_t port, std::uint32_t length) {
    coalesce(port, length, true, KVM_UNREGISTER_COALESCED_MMIO);
}

bool Vm::has_coalesced() const {
    if (ring_ == nullptr)
        return false;
    auto* header = reinterpret_cast<RingHeader*>(ring_);
    return header->first != std::atomic_ref(header->last).load(std::memory_order_acquire);
}

bool Vm::next_coalesced(CoalescedWrite& write, std::uint8_t (&data)[8]) {
    if (!has_coalesced())
        return false;
    constexpr std::size_t entries = (PAGE - sizeof(RingHeader)) / sizeof(kvm_coalesced_mmio);
    auto* header = reinterpret_cast<RingHeader*>(ring_);
    const std::size_t first = header->first % entries;
    kvm_coalesced_mmio entry{};
    std::memcpy(&entry, ring_ + sizeof(RingHeader) + first * sizeof(entry), sizeof(entry));
    std::atomic_ref(header->first)
        .store(static_cast<std::uint32_t>((first + 1) % entries), std::memory_order_release);
    write.address = entry.phys_addr;
    write.length = entry.len <= sizeof(data) ? entry.len : sizeof(data);
    write.port = entry.pio != 0;
    std::memcpy(data, entry.data, sizeof(data));
    write.data = data;
    ++drained_;
    return true;
}

} // namespace ntferry::vmm::kvm
