// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/kvm/kvm_system.hpp"

#include "converter/base/error.hpp"
#include "vmm/kvm/vcpu.hpp"
#include "vmm/kvm/vm.hpp"

#include "vmm/kvm/kvm_structs.hpp"
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include <cpuid.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace ntferry::vmm::kvm {

FileDescriptor KvmSystem::open_device() {
    FileDescriptor device(::open("/dev/kvm", O_RDWR | O_CLOEXEC));
    if (device.get() < 0) {
        const int error = errno;
        throw Error("/dev/kvm", std::string("this host offers no KVM: ") + std::strerror(error),
                    error == EACCES ? "add the user to group kvm"
                                    : "switch on virtualisation in the firmware or use --engine qemu",
                    ErrorKind::unsupported);
    }
    return device;
}

KvmSystem::KvmSystem(FileDescriptor device) : fd_(std::move(device)) {
    if (::ioctl(fd_.get(), KVM_GET_API_VERSION, 0) != KVM_API_VERSION)
        throw Error("/dev/kvm", "not a KVM of this century", {}, ErrorKind::unsupported);
    const int size = ::ioctl(fd_.get(), KVM_GET_VCPU_MMAP_SIZE, 0);
    if (size <= 0)
        throw SystemError("/dev/kvm", "KVM_GET_VCPU_MMAP_SIZE", errno);
    run_size_ = static_cast<std::size_t>(size);
    for (const unsigned needed : {KVM_CAP_USER_MEMORY, KVM_CAP_IMMEDIATE_EXIT, KVM_CAP_READONLY_MEM})
        if (extension(needed) <= 0)
            throw Error("/dev/kvm", "this host's KVM lacks a capability that the machine needs",
                        "a kernel of 2017 or later has it", ErrorKind::unsupported);
}

int KvmSystem::extension(unsigned capability) const {
    return ::ioctl(fd_.get(), KVM_CHECK_EXTENSION, capability);
}

std::uint32_t KvmSystem::supported_features() const {
    constexpr std::uint32_t capacity = 256;
    std::vector<std::uint8_t> buffer(8 + capacity * sizeof(kvm_cpuid_entry2));
    std::memcpy(buffer.data(), &capacity, sizeof(capacity));
    if (::ioctl(fd_.get(), GET_SUPPORTED_CPUID, buffer.data()) != 0)
        throw SystemError("/dev/kvm", "KVM_GET_SUPPORTED_CPUID", errno);
    std::uint32_t count = 0;
    std::memcpy(&count, buffer.data(), sizeof(count));
    for (std::uint32_t i = 0; i < count && i < capacity; ++i) {
        kvm_cpuid_entry2 entry{};
        std::memcpy(&entry, buffer.data() + 8 + i * sizeof(entry), sizeof(entry));
        if (entry.function == 1)
            return entry.edx;
    }
    return 0;
}

namespace {

/// Memory for the probe, unmapped when done.
class ScratchMemory {
  public:
    static constexpr std::size_t size = 64U << 10U;
    ScratchMemory()
        : memory_(static_cast<std::uint8_t*>(
              ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))) {
        if (memory_ == MAP_FAILED)
            throw SystemError("memory", "mmap", errno);
    }
    ~ScratchMemory() { ::munmap(memory_, size); }
    ScratchMemory(const ScratchMemory&) = delete;
    ScratchMemory& operator=(const ScratchMemory&) = delete;
    MutableByteView view() { return {memory_, size}; }

  private:
    std::uint8_t* memory_;
};

/// Real mode to 32-bit paging with one 4 KiB page table, then a byte to port 80h.
constexpr std::array<std::uint8_t, 64> PAGING_CODE = {
    0xFA,                                           // cli
    0x2E, 0x0F, 0x01, 0x16, 0x80, 0x00,             // lgdt cs:[80h]
    0x0F, 0x20, 0xC0,                               // mov eax, cr0
    0x0C, 0x01,                                     // or al, 1
    0x0F, 0x22, 0xC0,                               // mov cr0, eax
    0x66, 0xEA, 0x17, 0x10, 0x00, 0x00, 0x08, 0x00, // jmp dword 8:1017h
    0xB8, 0x00, 0x20, 0x00, 0x00,                   // mov eax, 2000h
    0x0F, 0x22, 0xD8,                               // mov cr3, eax
    0x0F, 0x20, 0xC0,                               // mov eax, cr0
    0x0D, 0x00, 0x00, 0x00, 0x80,                   // or eax, 80000000h
    0x0F, 0x22, 0xC0,                               // mov cr0, eax
    0xB0, 0x5A,                                     // mov al, 5Ah
    0xE6, 0x80,                                     // out 80h, al
    0xF4,                                           // hlt
};

void put32(MutableByteView memory, std::size_t at, std::uint32_t value) {
    store_le(memory, at, value);
}

/// Lays out code at 1000h, a flat GDT at 1088h, page directory at 2000h and page table at 3000h.
void fill(MutableByteView memory) {
    std::copy(PAGING_CODE.begin(), PAGING_CODE.end(), memory.begin() + 0x1000);
    store_le<std::uint16_t>(memory, 0x1080, 0x0F); // GDT limit and base, read by LGDT at CS:80h
    put32(memory, 0x1082, 0x1088);
    put32(memory, 0x1088 + 8, 0x0000FFFF); // 8: flat 32-bit code
    put32(memory, 0x1088 + 12, 0x00CF9A00);
    put32(memory, 0x2000, 0x3003);
    for (std::uint32_t page = 0; page < ScratchMemory::size / 4096; ++page)
        put32(memory, 0x3000 + 4 * page, page << 12U | 3U);
}

bool pages(const KvmSystem& system) {
    ScratchMemory memory;
    fill(memory.view());
    Vm vm(system);
    vm.set_slot(0, 0, memory.view(), SlotAccess::read_write);
    Vcpu vcpu(system, vm, 0);
    vcpu.start_at(0x100, 0x0000);
    for (int exits = 0; exits < 8; ++exits) {
        switch (vcpu.run()) {
        case ExitReason::io:
            return vcpu.io().port == 0x80 && vcpu.io().data[0] == 0x5A;
        case ExitReason::interrupted:
            continue;
        default:
            return false;
        }
    }
    return false;
}

} // namespace

HostReport probe_host() {
    try {
        const KvmSystem system;
        if (pages(system))
            return {HostKind::full, "KVM on this host runs Windows NT"};
        return {HostKind::no_paging, "KVM on this host cannot run guests that use paging: firmware and DOS "
                                     "only, no Windows NT"};
    } catch (const Error& error) {
        return {HostKind::none, error.what()};
    }
}

bool interprets_guests() {
    // Intel SDM volume 2A, CPUID; AMD64 APM volume 3, appendix E.4.
    constexpr unsigned vmx = 1U << 5U; // leaf 1, ECX
    constexpr unsigned svm = 1U << 2U; // leaf 80000001h, ECX
    unsigned eax = 0;
    unsigned ebx = 0;
    unsigned ecx = 0;
    unsigned edx = 0;
    if (__get_cpuid(1, &eax, &ebx, &ecx, &edx) != 0 && (ecx & vmx) != 0)
        return false;
    return __get_cpuid(0x80000001, &eax, &ebx, &ecx, &edx) == 0 || (ecx & svm) == 0;
}

} // namespace ntferry::vmm::kvm
