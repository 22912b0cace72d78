// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/kvm/vcpu.hpp"

#include "vmm/kvm/kvm_structs.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <mutex>

namespace ntferry::vmm::kvm {
namespace {

/// The run structure of the vCPU that this thread runs: the handler makes the next entry return at once, also
/// when the signal came just before it.
thread_local kvm_run* current_run = nullptr;

void on_kick(int) {
    if (current_run != nullptr)
        std::atomic_ref<std::uint8_t>(current_run->immediate_exit).store(1, std::memory_order_relaxed);
}

void install_handler() {
    static std::once_flag once;
    std::call_once(once, [] {
        struct sigaction action {};
        action.sa_handler = on_kick;
        sigfillset(&action.sa_mask);
        ::sigaction(kick_signal(), &action, nullptr);
    });
}

void must(int result, const char* call) {
    if (result < 0)
        throw SystemError("/dev/kvm", call, errno);
}

kvm_segment real_mode_segment(std::uint16_t selector, std::uint64_t base, bool code) {
    kvm_segment segment{};
    segment.selector = selector;
    segment.base = base;
    segment.limit = 0xFFFF;
    segment.type = code ? 0xB : 0x3; // accessed
    segment.present = 1;
    segment.s = 1;
    return segment;
}

/// The MSRs of a processor that this machine can show; KVM keeps values for more.
constexpr std::uint32_t RESET_MSRS[] = {0x174, 0x175, 0x176}; // SYSENTER_CS, _ESP, _EIP

} // namespace

int kick_signal() {
    return SIGRTMIN + 3;
}

Vcpu::Vcpu(const KvmSystem& system, Vm& vm, unsigned number) : number_(number), run_size_(system.run_size()) {
    const int fd = ::ioctl(vm.fd(), KVM_CREATE_VCPU, static_cast<unsigned long>(number));
    must(fd, "KVM_CREATE_VCPU");
    fd_ = FileDescriptor(fd);
    void* mapped = ::mmap(nullptr, run_size_, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (mapped == MAP_FAILED)
        throw SystemError("/dev/kvm", "mmap", errno);
    run_ = static_cast<kvm_run*>(mapped);
    const int offered = system.extension(KVM_CAP_SYNC_REGS);
    const auto has = [&](unsigned what) {
        return offered > 0 && (static_cast<unsigned>(offered) & what) == what;
    };
    // With a local APIC an external interrupt takes another way (KVM_INTERRUPT, pending_external_vector).
    events_in_run_ = !vm.local_apics() && has(KVM_SYNC_X86_EVENTS);
    registers_in_run_ = has(KVM_SYNC_X86_REGS | KVM_SYNC_X86_SREGS);
    const std::size_t page = 4096;
    if (number == 0 && vm.coalesced_page() != 0 && run_size_ >= (vm.coalesced_page() + 1) * page)
        vm.set_ring(static_cast<std::uint8_t*>(mapped) + vm.coalesced_page() * page);
    install_handler();
}

Vcpu::~Vcpu() {
    if (run_ != nullptr)
        ::munmap(run_, run_size_);
}

void Vcpu::set_cpuid(const std::vector<CpuidEntry>& entries) {
    EntryTable<kvm_cpuid_entry2> table(entries.size());
    for (const CpuidEntry& from : entries) {
        kvm_cpuid_entry2 entry{};
        entry.function = from.function;
        entry.eax = from.eax;
        entry.ebx = from.ebx;
        entry.ecx = from.ecx;
        entry.edx = from.edx;
        table.add(entry);
    }
    must(::ioctl(fd_.get(), SET_CPUID2, table.data()), "KVM_SET_CPUID2");
}

void Vcpu::adopt_thread() {
    thread_ = ::pthread_self();
    current_run = run_;
    has_thread_.store(true, std::memory_order_release);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, kick_signal());
    ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

void Vcpu::kick() {
    std::atomic_ref<std::uint8_t>(run_->immediate_exit).store(1, std::memory_order_seq_cst);
    if (has_thread_.load(std::memory_order_acquire) && in_guest_.load(std::memory_order_seq_cst))
        ::pthread_kill(thread_, kick_signal());
}

void Vcpu::forget_kick() {
    std::atomic_ref<std::uint8_t>(run_->immediate_exit).store(0, std::memory_order_seq_cst);
}

ExitReason Vcpu::run() {
    in_guest_.store(true, std::memory_order_seq_cst);
    const ExitReason reason = enter();
    in_guest_.store(false, std::memory_order_seq_cst);
    return reason;
}

ExitReason Vcpu::finish_exit() {
    std::atomic_ref<std::uint8_t>(run_->immediate_exit).store(1, std::memory_order_seq_cst);
    return enter();
}

ExitReason Vcpu::enter() {
    registers_are_there_ = bring_registers_;
    run_->kvm_valid_regs = bring_registers_ ? KVM_SYNC_X86_REGS | KVM_SYNC_X86_SREGS : 0;
    const int result = ::ioctl(fd_.get(), KVM_RUN, 0);
    const int error = errno;
    std::atomic_ref<std::uint8_t>(run_->immediate_exit).store(0, std::memory_order_seq_cst);
    unfinished_ = false;
    if (result < 0) {
        if (error == EINTR || error == EAGAIN)
            return ExitReason::interrupted;
        run_->exit_reason = KVM_EXIT_UNKNOWN;
        return ExitReason::failed;
    }
    switch (run_->exit_reason) {
    case KVM_EXIT_IO:
        unfinished_ = run_->io.count > 1;
        return ExitReason::io;
    case KVM_EXIT_MMIO:
        unfinished_ = run_->mmio.is_write == 0;
        return ExitReason::mmio;
    case KVM_EXIT_HLT:
        return ExitReason::halt;
    case KVM_EXIT_INTR:
        return ExitReason::interrupted;
    case KVM_EXIT_IRQ_WINDOW_OPEN:
        return ExitReason::interrupt_window;
    case KVM_EXIT_SHUTDOWN:
        return ExitReason::shutdown;
    case KVM_EXIT_X86_RDMSR:
        unfinished_ = true;
        return ExitReason::read_msr;
    case KVM_EXIT_X86_WRMSR:
        unfinished_ = true;
        return ExitReason::write_msr;
    case KVM_EXIT_IOAPIC_EOI:
        return ExitReason::end_of_interrupt;
    default:
        return ExitReason::failed;
    }
}

IoExit Vcpu::io() const {
    const auto& io = run_->io;
    return {io.direction == KVM_EXIT_IO_OUT, io.size, io.port, io.count,
            reinterpret_cast<std::uint8_t*>(run_) + io.data_offset};
}

MmioExit Vcpu::mmio() const {
    return {run_->mmio.is_write != 0, run_->mmio.len, run_->mmio.phys_addr, run_->mmio.data};
}

MsrExit Vcpu::msr() const {
    return {run_->msr.index, reinterpret_cast<std::uint64_t*>(&run_->msr.data), &run_->msr.error};
}

std::uint8_t Vcpu::eoi_vector() const {
    return run_->eoi.vector;
}

std::string Vcpu::failure() const {
    std::string text = fmt::format("exit reason {}", run_->exit_reason);
    if (run_->exit_reason == KVM_EXIT_INTERNAL_ERROR)
        text = fmt::format("this host's KVM cannot emulate an instruction (suberror {})",
                           run_->internal.suberror);
    if (run_->exit_reason == KVM_EXIT_FAIL_ENTRY)
        text = fmt::format("the processor refuses to enter the guest (reason {:#x})",
                           run_->fail_entry.hardware_entry_failure_reason);
    kvm_regs regs{};
    kvm_sregs sregs{};
    if (::ioctl(fd_.get(), KVM_GET_REGS, &regs) == 0 && ::ioctl(fd_.get(), KVM_GET_SREGS, &sregs) == 0)
        text += fmt::format(" at {:04X}:{:08X}, CR0 {:08X}", sregs.cs.selector, regs.rip, sregs.cr0);
    return text;
}

Vcpu::Place Vcpu::place() const {
    constexpr std::uint64_t arithmetic_flags = 0xCD5; // OF, DF, SF, ZF, AF, PF, CF
    constexpr std::uint64_t interrupt_flag = 0x200;
    kvm_regs regs{};
    kvm_sregs sregs{};
    kvm_vcpu_events events{};
    must(::ioctl(fd_.get(), KVM_GET_REGS, &regs), "KVM_GET_REGS");
    must(::ioctl(fd_.get(), KVM_GET_SREGS, &sregs), "KVM_GET_SREGS");
    must(::ioctl(fd_.get(), KVM_GET_VCPU_EVENTS, &events), "KVM_GET_VCPU_EVENTS");
    kvm_mp_state state{}; // only a machine with local APICs in the kernel has one
    Place place;
    place.halted =
        ::ioctl(fd_.get(), KVM_GET_MP_STATE, &state) == 0 && state.mp_state != KVM_MP_STATE_RUNNABLE;
    place.address = sregs.cs.base + regs.rip;
    place.registers = 0xCBF29CE484222325; // FNV-1a, a register at a time
    for (const std::uint64_t value : {regs.rax, regs.rbx, regs.rcx, regs.rdx, regs.rsi, regs.rdi, regs.rbp,
                                      regs.rsp, regs.rflags & arithmetic_flags})
        place.registers = (place.registers ^ value) * 0x100000001B3;
    place.ring = (sregs.cr0 & 1U) != 0 ? sregs.ss.dpl : 0U;
    place.interruptible = (regs.rflags & interrupt_flag) != 0 && events.interrupt.shadow == 0 &&
                          events.interrupt.injected == 0 && events.exception.injected == 0 &&
                          events.exception.pending == 0 && events.nmi.injected == 0 &&
                          events.nmi.pending == 0;
    return place;
}

bool Vcpu::halt() {
    kvm_mp_state state{KVM_MP_STATE_HALTED};
    return ::ioctl(fd_.get(), KVM_SET_MP_STATE, &state) == 0;
}

void Vcpu::end_halt() {
    kvm_mp_state state{};
    if (::ioctl(fd_.get(), KVM_GET_MP_STATE, &state) != 0 || state.mp_state != KVM_MP_STATE_HALTED)
        return;
    state.mp_state = KVM_MP_STATE_RUNNABLE;
    must(::ioctl(fd_.get(), KVM_SET_MP_STATE, &state), "KVM_SET_MP_STATE");
}

bool Vcpu::can_take_interrupt() const {
    return run_->ready_for_interrupt_injection != 0 && !unfinished_;
}

void Vcpu::request_interrupt_window(bool wanted) {
    run_->request_interrupt_window = wanted ? 1 : 0;
}

/// KVM_INTERRUPT loads and unloads the whole processor; KVM_RUN takes the same along. That an interrupt can
/// be taken says that no exception is under way, which would be lost by this.
void Vcpu::inject(std::uint8_t vector) {
    if (events_in_run_) {
        kvm_vcpu_events events{};
        events.interrupt.injected = 1;
        events.interrupt.nr = vector;
        run_->s.regs.events = events;
        run_->kvm_dirty_regs |= KVM_SYNC_X86_EVENTS;
    } else {
        kvm_interrupt interrupt{vector};
        must(::ioctl(fd_.get(), KVM_INTERRUPT, &interrupt), "KVM_INTERRUPT");
    }
    run_->ready_for_interrupt_injection = 0;
}

bool Vcpu::interrupts_enabled() const {
    return run_->if_flag != 0;
}

void Vcpu::set_fields_of_reset(std::uint16_t selector, std::uint64_t base, std::uint64_t rip) {
    kvm_sregs sregs{};
    must(::ioctl(fd_.get(), KVM_GET_SREGS, &sregs), "KVM_GET_SREGS");
    sregs.cs = real_mode_segment(selector, base, true);
    for (kvm_segment* segment : {&sregs.ds, &sregs.es, &sregs.fs, &sregs.gs, &sregs.ss})
        *segment = real_mode_segment(0, 0, false);
    sregs.ldt = {};
    sregs.ldt.limit = 0xFFFF;
    sregs.ldt.type = 2;
    sregs.ldt.present = 1;
    sregs.tr = {};
    sregs.tr.limit = 0xFFFF;
    sregs.tr.type = 11;
    sregs.tr.present = 1;
    sregs.gdt = {0, 0xFFFF, {}};
    sregs.idt = {0, 0xFFFF, {}};
    sregs.cr0 = 0x60000010; // Intel SDM volume 3A, table 9-1
    sregs.cr2 = 0;
    sregs.cr3 = 0;
    sregs.cr4 = 0;
    sregs.cr8 = 0;
    sregs.efer = 0;
    std::memset(sregs.interrupt_bitmap, 0, sizeof(sregs.interrupt_bitmap));
    must(::ioctl(fd_.get(), KVM_SET_SREGS, &sregs), "KVM_SET_SREGS");
    kvm_regs regs{};
    regs.rip = rip;
    regs.rflags = 2;
    regs.rdx = 0x600; // family, model, stepping: nobody looks closer
    must(::ioctl(fd_.get(), KVM_SET_REGS, &regs), "KVM_SET_REGS");
}

void Vcpu::reset(bool local_apic) {
    set_fields_of_reset(0xF000, 0xFFFF0000, 0xFFF0);
    // IA32_APIC_BASE: KVM shows the APIC bit of CPUID as long as its enable bit is set.
    kvm_sregs sregs{};
    must(::ioctl(fd_.get(), KVM_GET_SREGS, &sregs), "KVM_GET_SREGS");
    sregs.apic_base = local_apic ? 0xFEE00800U | (number_ == 0 ? 0x100U : 0U) : 0;
    must(::ioctl(fd_.get(), KVM_SET_SREGS, &sregs), "KVM_SET_SREGS");
    kvm_fpu fpu{};
    fpu.fcw = 0x40;
    fpu.mxcsr = 0x1F80;
    must(::ioctl(fd_.get(), KVM_SET_FPU, &fpu), "KVM_SET_FPU");
    kvm_vcpu_events events{};
    must(::ioctl(fd_.get(), KVM_SET_VCPU_EVENTS, &events), "KVM_SET_VCPU_EVENTS");
    for (const std::uint32_t index : RESET_MSRS) {
        OneMsr one;
        one.entry.index = index;
        static_cast<void>(::ioctl(fd_.get(), SET_MSRS, &one));
    }
    run_->request_interrupt_window = 0;
    run_->kvm_dirty_regs = 0;
    if (local_apic) {
        kvm_lapic_state lapic{};
        must(::ioctl(fd_.get(), KVM_GET_LAPIC, &lapic), "KVM_GET_LAPIC");
        const auto put = [&](unsigned at, std::uint32_t value) {
            std::memcpy(lapic.regs + at, &value, sizeof(value));
        };
        // Intel SDM volume 3A, 10.4.7.1: the state after power-up.
        for (const unsigned at : {0x80U, 0xD0U, 0x280U, 0x300U, 0x310U, 0x380U, 0x3E0U})
            put(at, 0);
        for (unsigned at = 0x100; at < 0x280; at += 0x10) // ISR, TMR, IRR
            put(at, 0);
        put(0x0E0, 0xFFFFFFFF);
        put(0x0F0, 0xFF);
        for (const unsigned at : {0x320U, 0x330U, 0x340U, 0x360U, 0x370U})
            put(at, 0x10000);
        // LINT0 of the boot processor takes the PIC's interrupts as ExtINT, as a BIOS leaves it.
        put(0x350, number_ == 0 ? 0x700U : 0x10000U);
        must(::ioctl(fd_.get(), KVM_SET_LAPIC, &lapic), "KVM_SET_LAPIC");
        kvm_mp_state state{
            static_cast<std::uint32_t>(number_ != 0 ? KVM_MP_STATE_UNINITIALIZED : KVM_MP_STATE_RUNNABLE)};
        must(::ioctl(fd_.get(), KVM_SET_MP_STATE, &state), "KVM_SET_MP_STATE");
    }
}

void Vcpu::start_at(std::uint16_t selector, std::uint16_t offset) {
    set_fields_of_reset(selector, static_cast<std::uint64_t>(selector) << 4U, offset);
}

} // namespace ntferry::vmm::kvm
