// Vcpu: one virtual processor of KVM.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "vmm/bus/state.hpp"
#include "vmm/kvm/registers.hpp"
#include "vmm/kvm/vm.hpp"

#include <pthread.h>

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

struct kvm_run;

namespace ntferry::vmm::kvm {

enum class ExitReason : std::uint8_t {
    io,
    mmio,
    halt,
    interrupted,      ///< a kick or a signal: nothing to handle
    interrupt_window, ///< the guest can take an interrupt now
    shutdown,         ///< triple fault
    read_msr,
    write_msr,
    end_of_interrupt, ///< of a level-triggered vector, for the I/O APIC
    failed,           ///< the host cannot run the guest; see failure()
};

struct IoExit {
    bool out;
    std::uint8_t width;
    std::uint16_t port;
    std::uint32_t count;
    std::uint8_t* data; ///< count * width bytes
};

struct MmioExit {
    bool write;
    std::uint32_t width;
    std::uint64_t address;
    std::uint8_t* data; ///< 8 bytes
};

struct MsrExit {
    std::uint32_t index;
    std::uint64_t* data;
    std::uint8_t* error; ///< non-zero: the guest gets #GP
};

/// One register set of CPUID.
struct CpuidEntry {
    std::uint32_t function = 0;
    std::uint32_t eax = 0;
    std::uint32_t ebx = 0;
    std::uint32_t ecx = 0;
    std::uint32_t edx = 0;
    bool operator==(const CpuidEntry&) const = default;
};

class Vcpu {
  public:
    Vcpu(const KvmSystem& system, Vm& vm, unsigned number);
    ~Vcpu();
    Vcpu(const Vcpu&) = delete;
    Vcpu& operator=(const Vcpu&) = delete;

    unsigned number() const { return number_; }
    void set_cpuid(const std::vector<CpuidEntry>& entries);

    /// Makes the calling thread the one that runs this processor, so that kick() reaches it.
    void adopt_thread();
    /// Enters the guest until it needs something.
    ExitReason run();
    /// Makes run() return soon, also when it is only about to be called. From any thread.
    void kick();
    /// Drops a kick that came since the last run(): by the thread that runs it, before it looks at what it
    /// might have been kicked for.
    void forget_kick();
    /// Whether run() is between entering and leaving the guest.
    bool in_guest() const { return in_guest_.load(std::memory_order_acquire); }
    /// Finishes the instruction of the last exit without going on to the next: before the guest's state is
    /// read. Anything but interrupted is another exit of the same instruction (the next piece of a string),
    /// to be handled and finished in its turn.
    ExitReason finish_exit();

    IoExit io() const;
    MmioExit mmio() const;
    MsrExit msr() const;
    std::uint8_t eoi_vector() const;
    /// What went wrong, for people: reason, RIP and the bytes there.
    std::string failure() const;

    /// Where the guest is, after an exit that needs nothing (interrupted).
    struct Place {
        std::uint64_t address = 0;   ///< linear, of the next instruction
        std::uint64_t registers = 0; ///< hash of the general ones and the arithmetic flags
        unsigned ring = 0;
        bool interruptible = false; ///< an interrupt that came now would be taken before the instruction
        bool halted = false;        ///< in HLT, or waiting for its SIPI
    };
    Place place() const;
    /// After an exit and before set_registers(). In the middle of an instruction (a read) they are those
    /// before it; of a string instruction, before the element that reads. @throws SystemError
    Registers registers() const;
    /// The general ones, RIP and RFLAGS, for the next entry or finish_exit(); drops an exception that KVM is
    /// about to raise. At an exit that is not finished KVM goes on with them from its next element.
    /// @throws SystemError
    void set_registers(const Registers& registers);
    /// Each exit from now on brings registers() along, which makes it a little longer and asking much
    /// shorter.
    void bring_registers(bool wanted) { bring_registers_ = wanted && registers_in_run_; }
    /// The guest has armed breakpoints in DR7. @throws SystemError
    bool has_breakpoints() const;
    /// With a local APIC in the kernel, while run() is not under way: the next run() waits as if the guest
    /// had just executed HLT. Only at a place that is interruptible. Returns whether KVM can do that.
    bool halt();
    /// Takes that back when nothing has ended it.
    void end_halt();

    /// Never true at an exit whose instruction may still fault when KVM finishes it at the next run(): an MSR
    /// access that is refused, a read that goes on to memory, a string. KVM then has the exception to deliver
    /// and drops an interrupt that was queued by then (seen with Linux 6.1: RDMSR, #GP, no timer ever after).
    /// The interrupt window opens when all that is over.
    bool can_take_interrupt() const;
    void request_interrupt_window(bool wanted);
    /// Only when can_take_interrupt().
    void inject(std::uint8_t vector);
    bool interrupts_enabled() const;

    /// The state after RESET: F000:FFF0. With a local APIC, all processors but number 0 wait for their SIPI.
    void reset(bool local_apic);
    /// Real mode at selector:offset with flat data segments, for the probe.
    void start_at(std::uint16_t selector, std::uint16_t offset);

    /// Everything of the processor that a guest could see. Not while run() is under way.
    /// @param local_apic whether the kernel keeps one
    void save(StateWriter& writer, bool local_apic) const;
    void load(StateReader& reader, bool local_apic);

  private:
    ExitReason enter();
    void set_fields_of_reset(std::uint16_t selector, std::uint64_t base, std::uint64_t rip);

    unsigned number_;
    FileDescriptor fd_;
    kvm_run* run_ = nullptr;
    std::size_t run_size_ = 0;
    bool events_in_run_ = false;    ///< KVM takes an interrupt from the run structure
    bool registers_in_run_ = false; ///< KVM takes and gives registers there
    bool bring_registers_ = false;
    bool registers_are_there_ = false; ///< of the last exit
    pthread_t thread_{};
    std::atomic<bool> has_thread_{false};
    std::atomic<bool> in_guest_{false};
    bool unfinished_ = false; ///< the last exit's instruction may still fault
};

/// The signal that kicks; its handler is installed by the first Vcpu. Threads that run no vCPU block it.
int kick_signal();

} // namespace ntferry::vmm::kvm
