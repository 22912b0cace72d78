// The inside of Machine: processors, their threads and what they share. Private to vmm/machine.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "vmm/kvm/kvm_system.hpp"
#include "vmm/kvm/vcpu.hpp"
#include "vmm/machine/board.hpp"
#include "vmm/machine/host_clock.hpp"
#include "vmm/machine/idle_group.hpp"
#include "vmm/machine/idle_loop.hpp"
#include "vmm/machine/machine.hpp"
#include "vmm/machine/memory_map.hpp"
#include "vmm/machine/poster.hpp"
#include "vmm/machine/sleeper.hpp"
#include "vmm/machine/string_instruction.hpp"
#include "vmm/machine/wake_timer.hpp"

#include <condition_variable>
#include <exception>
#include <thread>

namespace ntferry::vmm {

struct Machine::Impl {
    struct Processor {
        Processor(const kvm::KvmSystem& system, kvm::Vm& vm, unsigned number) : vcpu(system, vm, number) {}
        kvm::Vcpu vcpu;
        std::thread thread;
        WakeTimer timer;
        Sleeper sleeper;       ///< while halted
        bool in_guest = false; ///< from before the lock is given back until it is held again
        bool halted = false;   ///< waits in HLT
        IdleLoop idle;         ///< of one that never halts
        bool may_nap = false;  ///< was found in its idle loop and has not gone on
        bool napping = false;  ///< waits in KVM as if the loop had executed HLT
        std::uint64_t nap_address = 0;
        std::chrono::nanoseconds looked_after{}; ///< time its thread had run for at the last look
        unsigned batch_misses = 0; ///< accesses to video memory in a row that were no string instruction's
        bool was_halted = false;   ///< has just left HLT: most likely it goes back there soon
    };

    /// KVM's ring, as devices see it.
    class Collector final : public WriteCollector {
      public:
        explicit Collector(Impl& machine) : machine_(machine) {}
        void collect(std::uint16_t port, unsigned length) override {
            machine_.vm.coalesce_port(port, length);
        }
        void release(std::uint16_t port, unsigned length) override {
            machine_.vm.uncoalesce_port(port, length);
        }
        void settle() override { machine_.drain(); }

      private:
        Impl& machine_;
    };

    Impl(const profiles::Profile& profile, const profiles::MachineDescription& description,
         MachineBackends backends, MachineOptions options);
    ~Impl();

    // Life cycle, machine.cpp
    void start();
    void hold(std::unique_lock<std::mutex>& held);
    void finish_instruction(Processor& cpu);
    void release();
    void stop_now(int code);
    void fail(std::string text);
    void emit(MachineEvent event);
    void reset_board();
    void request_reset(bool by_guest = true);
    void update_routes();

    // The processors, run_loop.cpp
    void run(Processor& cpu);
    void step(Processor& cpu, std::unique_lock<std::mutex>& held);
    void wait_halted(Processor& cpu, std::unique_lock<std::mutex>& held);
    IdleLoop::Time begin_nap(Processor& cpu);
    void look_at(Processor& cpu, kvm::ExitReason reason);
    void looked(Processor& cpu, IdleGroup::Found found);
    void end_naps(const Processor* but = nullptr);
    void interrupt_sent();
    void memory_written();
    /// Its processors may wait in a loop: that of the MPS HAL.
    bool may_loop() const { return profile.interrupts == profiles::InterruptController::apic; }
    void prepare_interrupt(Processor& cpu);
    void watch_service();
    void handle(Processor& cpu, kvm::ExitReason reason);
    void handle_io(Processor& cpu);
    void handle_mmio(Processor& cpu);
    void answer_mmio(const kvm::MmioExit& mmio);
    // Writes to video memory by string instructions, string_batch.cpp
    bool may_batch(Processor& cpu, const kvm::MmioExit& mmio);
    bool is_source(const kvm::Registers& registers, const StringInstruction& instruction,
                   const kvm::MmioExit& mmio) const;
    bool batch_string(Processor& cpu, const kvm::MmioExit& mmio);
    bool finish_access(Processor& cpu);
    bool finish_element(Processor& cpu, const StringInstruction& instruction, kvm::Registers& registers);
    void handle_msr(Processor& cpu, bool write);
    void drain();
    void watch_data_phase();
    void wake(Processor& cpu);
    void interrupt_changed(bool level);
    void post_done();
    void collect_writes(const MachineOptions& options);
    void collect_firmware_writes(bool on);
    void collect_video_registers(bool on);
    void collect_bus_master_writes(std::uint16_t base);

    // State, machine_state.cpp
    void save(const std::function<void(ByteView)>& sink);
    void load(ByteView state);

    profiles::Profile profile;
    profiles::MachineDescription description;
    std::shared_ptr<std::mutex> lock;
    std::condition_variable changed; ///< anything that a sleeping thread looks at

    kvm::KvmSystem system;
    std::function<void()> processor_started;
    bool batch_strings;
    std::uint64_t batched = 0;           ///< elements
    std::optional<bool> host_interprets; ///< so that even memory costs a guest time; nothing: not asked yet
    kvm::Vm vm;
    HostClock clock;
    std::unique_ptr<MemoryMap> memory;
    Collector collector{*this};
    std::unique_ptr<Board> board;
    std::vector<std::unique_ptr<Processor>> cpus;
    IdleGroup idle_group;
    std::unique_ptr<Timer> ring_timer; ///< empties the ring while a drive waits for words
    Nanoseconds ring_interval = 0;
    std::unique_ptr<Timer> eoi_timer; ///< empties it while a request waits for an EOI
    Nanoseconds eoi_interval = 0;
    bool firmware_writes_collected = false;
    std::uint16_t bus_master_base = 0;           ///< whose writes are collected; 0: none
    std::vector<Vga::WindowWrite> window_writes; ///< of drain(), kept for its memory

    MachineState state = MachineState::created;
    unsigned holds = 0;    ///< no processor enters the guest while this is not 0
    unsigned in_guest = 0; ///< processors between entering and having handled the exit
    bool stopping = false;
    bool reset_wanted = false;
    bool reset_by_guest = true; ///< who wanted it
    bool halt_reported = false;
    int exit_code = 0;
    std::string failure;
    std::uint64_t exits = 0;
    std::uint64_t naps = 0;
    std::vector<std::function<void(const MachineEvent&)>> listeners;
    Poster poster; ///< last: its thread ends before anything else
};

} // namespace ntferry::vmm
