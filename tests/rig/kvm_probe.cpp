// SPDX-License-Identifier: GPL-3.0-or-later
// Can this machine's /dev/kvm run a paged 32-bit guest? Exit 0: yes. Exit 1: no, with one line that says why.
//
// Some hosts offer /dev/kvm with all its calls but run legacy guests in an instruction emulator that stops
// when CR0.PG is set (facts: KVM_EXIT_SHUTDOWN or KVM_EXIT_INTERNAL_ERROR). No capability bit tells; only
// trying does. probe_host() of vmm/kvm asks the same through the project's own Vcpu. This one is a single
// file without any library, because scripts/kvm-rig compiles it before anything is built, and starts with
// protection on instead of in real mode: two ways to the same answer.
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace {

constexpr std::uint64_t memory_size = 0x10000;
constexpr std::uint32_t code_address = 0x1000;
constexpr std::uint32_t directory_address = 0x2000;
constexpr std::uint32_t table_address = 0x3000;

// 32-bit code: load CR3, set CR0.PG, touch memory through the new mapping, halt.
constexpr std::uint8_t code[] = {
    0xB8, 0x00, 0x20, 0x00, 0x00,       // mov eax, directory_address
    0x0F, 0x22, 0xD8,                   // mov cr3, eax
    0x0F, 0x20, 0xC0,                   // mov eax, cr0
    0x0D, 0x00, 0x00, 0x00, 0x80,       // or eax, 80000000h
    0x0F, 0x22, 0xC0,                   // mov cr0, eax
    0xEB, 0x00,                         // jmp $+2
    0xC7, 0x05, 0x00, 0x40, 0x00, 0x00, // mov dword [4000h],
    0x4E, 0x54, 0x34, 0x30,             //     'NT40'
    0xF4,                               // hlt
};

int no(const char* why) {
    std::printf("%s\n", why);
    return 1;
}

int failed(const char* call) {
    std::printf("%s: %s\n", call, std::strerror(errno));
    return 1;
}

kvm_segment flat(std::uint16_t selector, std::uint8_t type) {
    kvm_segment segment{};
    segment.limit = 0xFFFFFFFF;
    segment.selector = selector;
    segment.type = type;
    segment.present = 1;
    segment.db = 1;
    segment.s = 1;
    segment.g = 1;
    return segment;
}

} // namespace

int main() {
    const int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
    if (kvm < 0)
        return failed("/dev/kvm");
    if (ioctl(kvm, KVM_GET_API_VERSION, 0) != KVM_API_VERSION)
        return no("/dev/kvm speaks another API version");
    const int vm = ioctl(kvm, KVM_CREATE_VM, 0);
    if (vm < 0)
        return failed("KVM_CREATE_VM");
    ioctl(vm, KVM_SET_TSS_ADDR, 0xFFFBD000); // needed by VMX without unrestricted guest, harmless elsewhere

    auto* memory = static_cast<std::uint8_t*>(
        mmap(nullptr, memory_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    if (memory == MAP_FAILED)
        return failed("mmap");
    std::memcpy(memory + code_address, code, sizeof code);
    const std::uint32_t directory_entry = table_address | 3; // present, writable
    std::memcpy(memory + directory_address, &directory_entry, sizeof directory_entry);
    for (std::uint32_t page = 0; page < memory_size / 4096; ++page) {
        const std::uint32_t entry = page * 4096 | 3;
        std::memcpy(memory + table_address + page * 4, &entry, sizeof entry);
    }
    kvm_userspace_memory_region region{};
    region.memory_size = memory_size;
    region.userspace_addr = reinterpret_cast<std::uint64_t>(memory);
    if (ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region) < 0)
        return failed("KVM_SET_USER_MEMORY_REGION");

    const int vcpu = ioctl(vm, KVM_CREATE_VCPU, 0);
    if (vcpu < 0)
        return failed("KVM_CREATE_VCPU");
    const int run_size = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
    void* mapped = run_size < 0 ? MAP_FAILED
                                : mmap(nullptr, static_cast<std::size_t>(run_size), PROT_READ | PROT_WRITE,
                                       MAP_SHARED, vcpu, 0);
    if (mapped == MAP_FAILED)
        return failed("KVM_GET_VCPU_MMAP_SIZE");
    const auto* run = static_cast<const kvm_run*>(mapped);

    kvm_sregs sregs{};
    if (ioctl(vcpu, KVM_GET_SREGS, &sregs) < 0)
        return failed("KVM_GET_SREGS");
    sregs.cs = flat(8, 11); // code, execute/read, accessed
    sregs.ds = sregs.es = sregs.fs = sregs.gs = sregs.ss = flat(16, 3);
    sregs.cr0 |= 1; // PE
    if (ioctl(vcpu, KVM_SET_SREGS, &sregs) < 0)
        return failed("KVM_SET_SREGS");
    kvm_regs regs{};
    regs.rip = code_address;
    regs.rflags = 2;
    if (ioctl(vcpu, KVM_SET_REGS, &regs) < 0)
        return failed("KVM_SET_REGS");

    alarm(10); // a KVM that neither runs nor stops is a "no" as well
    int result = 0;
    do
        result = ioctl(vcpu, KVM_RUN, 0);
    while (result < 0 && errno == EINTR);
    if (result < 0)
        return failed("KVM_RUN");
    if (run->exit_reason != KVM_EXIT_HLT) {
        std::printf("this KVM runs firmware and DOS only: paging ends in exit reason %u\n", run->exit_reason);
        return 1;
    }
    return std::memcmp(memory + 0x4000, "NT40", 4) == 0 ? 0 : no("the paged guest wrote nothing");
}
