// A virtual processor's registers as plain values.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/kvm/vcpu.hpp"

#include "vmm/kvm/kvm_structs.hpp"

#include <sys/ioctl.h>

#include <algorithm>
#include <cerrno>

namespace ntferry::vmm::kvm {
namespace {

void must(int result, const char* call) {
    if (result < 0)
        throw SystemError("/dev/kvm", call, errno);
}

/// KVM's order of the general registers, by their numbers in instructions.
constexpr decltype(&kvm_regs::rax) GENERAL[Registers::general_count] = {
    &kvm_regs::rax, &kvm_regs::rcx, &kvm_regs::rdx, &kvm_regs::rbx, &kvm_regs::rsp, &kvm_regs::rbp,
    &kvm_regs::rsi, &kvm_regs::rdi, &kvm_regs::r8,  &kvm_regs::r9,  &kvm_regs::r10, &kvm_regs::r11,
    &kvm_regs::r12, &kvm_regs::r13, &kvm_regs::r14, &kvm_regs::r15,
};

Segment plain(const kvm_segment& from) {
    Segment segment;
    segment.base = from.base;
    segment.limit = from.limit;
    segment.type = from.type;
    segment.large = from.db != 0;
    segment.usable = from.unusable == 0 && from.present != 0 && from.s != 0;
    return segment;
}

} // namespace

Registers Vcpu::registers() const {
    constexpr std::uint64_t cr0_pe = 1;
    constexpr std::uint64_t eflags_vm = 1U << 17U;
    constexpr std::uint64_t efer_lma = 1U << 10U;
    kvm_regs regs{};
    kvm_sregs sregs{};
    if (registers_are_there_) {
        regs = run_->s.regs.regs;
        sregs = run_->s.regs.sregs;
    } else {
        must(::ioctl(fd_.get(), KVM_GET_REGS, &regs), "KVM_GET_REGS");
        must(::ioctl(fd_.get(), KVM_GET_SREGS, &sregs), "KVM_GET_SREGS");
    }
    Registers result;
    for (std::size_t n = 0; n < result.general.size(); ++n)
        result.general[n] = regs.*GENERAL[n];
    result.rip = regs.rip;
    result.rflags = regs.rflags;
    result.segments = {plain(sregs.es), plain(sregs.cs), plain(sregs.ss),
                       plain(sregs.ds), plain(sregs.fs), plain(sregs.gs)};
    result.cr0 = static_cast<std::uint32_t>(sregs.cr0);
    result.cr3 = static_cast<std::uint32_t>(sregs.cr3);
    result.cr4 = static_cast<std::uint32_t>(sregs.cr4);
    result.long_mode = (sregs.efer & efer_lma) != 0;
    if ((sregs.cr0 & cr0_pe) != 0)
        result.ring = (regs.rflags & eflags_vm) != 0 ? 3U : sregs.ss.dpl;
    return result;
}

void Vcpu::set_registers(const Registers& registers) {
    kvm_regs regs{};
    for (std::size_t n = 0; n < registers.general.size(); ++n)
        regs.*GENERAL[n] = registers.general[n];
    regs.rip = registers.rip;
    regs.rflags = registers.rflags;
    if (registers_in_run_) {
        run_->s.regs.regs = regs;
        run_->kvm_dirty_regs |= KVM_SYNC_X86_REGS;
    } else {
        must(::ioctl(fd_.get(), KVM_SET_REGS, &regs), "KVM_SET_REGS");
    }
}

bool Vcpu::has_breakpoints() const {
    constexpr std::uint64_t dr7_enables = 0xFF;
    kvm_debugregs debug{};
    must(::ioctl(fd_.get(), KVM_GET_DEBUGREGS, &debug), "KVM_GET_DEBUGREGS");
    return (debug.dr7 & dr7_enables) != 0;
}

} // namespace ntferry::vmm::kvm
