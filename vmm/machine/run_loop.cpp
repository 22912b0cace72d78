// The loop of a processor's thread: timers, interrupts, the guest, its exits.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/firmware/tables.hpp"
#include "vmm/machine/machine_impl.hpp"
#include "vmm/machine/msr.hpp"

#include <fmt/format.h>
#include <pthread.h>

#include <chrono>
#include <cstring>
#include <ctime>
#include <utility>

namespace ntferry::vmm {
namespace {

/// How soon words in the ring reach a drive that waits for them, and how lazy the watch becomes when the
/// guest does not send any.
constexpr Nanoseconds RING_FIRST = 300'000;
constexpr Nanoseconds RING_SLOWEST = 20'000'000;
/// The same for an EOI that another interrupt waits for.
constexpr Nanoseconds EOI_FIRST = 100'000;
constexpr Nanoseconds EOI_SLOWEST = 5'000'000;

/// A guest that was idle is given this much longer before the timer gets it out: it is back in HLT by then,
/// where the deadline is waited for without a signal.
constexpr std::chrono::microseconds IDLE_SLACK{150};

/// A thread that had a processor of the host for so long was in its guest: an exit and an entry take less.
constexpr std::chrono::microseconds RUNS{50};

/// How long this thread has had a processor of the host.
std::chrono::nanoseconds thread_time() {
    timespec now{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

std::uint64_t load_value(const std::uint8_t* data, unsigned width) {
    std::uint64_t value = 0;
    std::memcpy(&value, data, width <= 8 ? width : 8);
    return value;
}

} // namespace

void Machine::Impl::run(Processor& cpu) {
    ::pthread_setname_np(::pthread_self(), fmt::format("cpu{}", cpu.vcpu.number()).c_str());
    std::unique_lock<std::mutex> held(*lock);
    try {
        cpu.vcpu.adopt_thread();
        if (cpu.vcpu.number() == 0 || may_loop())
            cpu.timer.create(kvm::kick_signal());
        if (processor_started)
            processor_started();
        while (!stopping)
            step(cpu, held);
    } catch (const std::exception& error) {
        fail(error.what());
    }
}

void Machine::Impl::step(Processor& cpu, std::unique_lock<std::mutex>& held) {
    if (holds > 0) {
        cpu.may_nap = false; // another state may be loaded
        idle_group.forget();
        changed.wait(held);
        return;
    }
    const bool boot_processor = cpu.vcpu.number() == 0;
    cpu.vcpu.forget_kick(); // everything that one can be for is looked at below
    if (boot_processor) {
        if (reset_wanted) {
            hold(held);
            reset_wanted = false;
            reset_board();
            emit({MachineEvent::Kind::reset, 0, {}, reset_by_guest});
            release();
            return;
        }
        clock.run_expired();
    }
    if (stopping || holds > 0 || (boot_processor && reset_wanted))
        return;
    if (cpu.halted) {
        if (!boot_processor || !board->pic().interrupt_pending() || !cpu.vcpu.interrupts_enabled()) {
            wait_halted(cpu, held);
            return;
        }
        cpu.halted = false;
        cpu.was_halted = true;
    }
    const auto next_look = may_loop() ? begin_nap(cpu) : IdleLoop::hardly;
    if (boot_processor) {
        prepare_interrupt(cpu);
        watch_service();
        if (const Nanoseconds next = clock.next_deadline(); next != never)
            cpu.timer.wake_by(clock.host_time(next), cpu.was_halted ? IDLE_SLACK : IDLE_SLACK.zero());
    }
    if (may_loop())
        cpu.timer.wake_by(WakeTimer::Clock::now() + next_look, std::chrono::nanoseconds::zero());
    ++in_guest;
    cpu.in_guest = true;
    held.unlock();
    const kvm::ExitReason reason = cpu.vcpu.run();
    held.lock();
    cpu.in_guest = false;
    ++exits;
    drain();
    handle(cpu, reason);
    if (may_loop())
        look_at(cpu, reason);
    // Alone, and with an empty ring: nothing that was written before can come after what is written from now
    // on.
    if (in_guest == 1 && board->vga() != nullptr && board->vga()->wants_text_window())
        board->vga()->show_text_window();
    if (--in_guest == 0 && holds > 0)
        changed.notify_all();
}

void Machine::Impl::wait_halted(Processor& cpu, std::unique_lock<std::mutex>& held) {
    const Nanoseconds next = cpu.vcpu.number() == 0 ? clock.next_deadline() : never;
    cpu.sleeper.prepare();
    held.unlock();
    cpu.sleeper.sleep_until(next == never ? Sleeper::Clock::time_point::max() : clock.host_time(next));
    held.lock();
}

/// Lets a processor that was found in its idle loop wait inside KVM, as if there were a HLT at this place:
/// interrupts from our devices, of its local APIC and from the PIC end that wait as they end HLT. Returns
/// after what time to get it out again.
IdleLoop::Time Machine::Impl::begin_nap(Processor& cpu) {
    if (!std::exchange(cpu.may_nap, false) || !idle_group.all_rest())
        return cpu.idle.next_look();
    if ((cpu.vcpu.number() == 0 && board->pic().interrupt_pending()) || !cpu.vcpu.halt())
        return cpu.idle.next_look();
    cpu.napping = true;
    ++naps;
    return IdleLoop::nap;
}

void Machine::Impl::look_at(Processor& cpu, kvm::ExitReason reason) {
    const bool napped = std::exchange(cpu.napping, false);
    if (reason != kvm::ExitReason::interrupted) {
        if (reason != kvm::ExitReason::interrupt_window && reason != kvm::ExitReason::end_of_interrupt) {
            cpu.idle.touched_device();
            looked(cpu, IdleGroup::Found::working);
        }
        return;
    }
    const kvm::Vcpu::Place place = cpu.vcpu.place();
    if (napped && place.halted && place.address == cpu.nap_address) {
        cpu.vcpu.end_halt(); // nothing came: round the loop for a while
        return;
    }
    const auto before = std::exchange(cpu.looked_after, thread_time());
    const ProcessorSample sample{place.address,       place.registers, place.ring == 0,
                                 place.interruptible, place.halted,    cpu.looked_after - before >= RUNS};
    cpu.may_nap = cpu.idle.look(sample);
    cpu.nap_address = place.address;
    if (place.halted)
        looked(cpu, IdleGroup::Found::halted);
    else
        looked(cpu, cpu.idle.in_loop() ? IdleGroup::Found::idle : IdleGroup::Found::working);
}

void Machine::Impl::looked(Processor& cpu, IdleGroup::Found found) {
    if (idle_group.looked(cpu.vcpu.number(), found))
        end_naps(&cpu);
}

void Machine::Impl::end_naps(const Processor* but) {
    for (const auto& cpu : cpus)
        if (cpu->napping && cpu.get() != but)
            wake(*cpu);
}

/// One that naps is awake now, and may be back in its loop soon. With several, whoever got it may have work
/// for the others.
void Machine::Impl::interrupt_sent() {
    if (cpus.size() == 1 && cpus[0]->napping)
        cpus[0]->timer.wake_by(WakeTimer::Clock::now() + IdleLoop::soon, std::chrono::nanoseconds::zero());
    if (cpus.size() > 1) {
        idle_group.stirred();
        end_naps();
    }
}

/// The loops may look at that.
void Machine::Impl::memory_written() {
    for (const auto& cpu : cpus)
        cpu->may_nap = false;
    end_naps();
}

void Machine::Impl::wake(Processor& cpu) {
    cpu.sleeper.wake();
    // Also one that has given the lock back but not entered yet: it must not go in without looking again.
    if (cpu.in_guest)
        cpu.vcpu.kick();
}

void Machine::Impl::interrupt_changed(bool level) {
    if (!level)
        return;
    wake(*cpus[0]);
    if (cpus.size() > 1)
        interrupt_sent();
}

void Machine::Impl::prepare_interrupt(Processor& cpu) {
    PicPair& pic = board->pic();
    if (pic.interrupt_pending() && cpu.vcpu.can_take_interrupt())
        cpu.vcpu.inject(pic.acknowledge());
    cpu.vcpu.request_interrupt_window(pic.interrupt_pending());
}

/// EOIs are collected: nearly always nothing waits for one. Where something does, the guest is got out until
/// the EOI is seen. Whatever raises a line meanwhile does so too (interrupt_held_back).
void Machine::Impl::watch_service() {
    if (!board->pic().held_back()) {
        eoi_timer->cancel();
        eoi_interval = EOI_FIRST;
    } else if (!eoi_timer->armed()) {
        eoi_timer->arm(clock.now() + eoi_interval);
        eoi_interval = std::min(2 * eoi_interval, EOI_SLOWEST);
    }
}

void Machine::Impl::handle(Processor& cpu, kvm::ExitReason reason) {
    switch (reason) {
    case kvm::ExitReason::io:
        handle_io(cpu);
        break;
    case kvm::ExitReason::mmio:
        handle_mmio(cpu);
        break;
    case kvm::ExitReason::halt:
        cpu.halted = true;
        if (!cpu.vcpu.interrupts_enabled() && !halt_reported) {
            halt_reported = true;
            emit({MachineEvent::Kind::halted, 0, {}});
        }
        break;
    case kvm::ExitReason::interrupted:
        cpu.was_halted = false; // it is busy
        break;
    case kvm::ExitReason::interrupt_window:
        break;
    case kvm::ExitReason::shutdown:
        request_reset();
        break;
    case kvm::ExitReason::read_msr:
    case kvm::ExitReason::write_msr:
        handle_msr(cpu, reason == kvm::ExitReason::write_msr);
        break;
    case kvm::ExitReason::end_of_interrupt:
        if (board->io_apic() != nullptr)
            board->io_apic()->end_of_interrupt(cpu.vcpu.eoi_vector());
        break;
    case kvm::ExitReason::failed:
        fail(cpu.vcpu.failure());
        break;
    }
}

void Machine::Impl::handle_io(Processor& cpu) {
    cpu.vcpu.bring_registers(false);
    const kvm::IoExit io = cpu.vcpu.io();
    const std::size_t bytes = std::size_t{io.count} * io.width;
    if (io.out) {
        if (io.count == 1)
            board->ports.write(io.port, io.width, static_cast<std::uint32_t>(load_value(io.data, io.width)));
        else
            board->ports.write_block(io.port, io.width, ByteView(io.data, bytes));
    } else if (io.count == 1) {
        const std::uint32_t value = board->ports.read(io.port, io.width);
        std::memcpy(io.data, &value, io.width);
    } else {
        board->ports.read_block(io.port, io.width, MutableByteView(io.data, bytes));
    }
    if (!ring_timer->armed() && board->ide() != nullptr && board->ide()->expects_data()) {
        ring_interval = RING_FIRST;
        ring_timer->arm(clock.now() + ring_interval);
    }
}

void Machine::Impl::watch_data_phase() {
    // The ring was emptied by the exit that brought us here.
    if (!board->ide()->expects_data())
        return;
    ring_interval = std::min(2 * ring_interval, RING_SLOWEST);
    ring_timer->arm(clock.now() + ring_interval);
}

void Machine::Impl::handle_mmio(Processor& cpu) {
    const kvm::MmioExit mmio = cpu.vcpu.mmio();
    if (!batch_string(cpu, mmio))
        answer_mmio(mmio);
}

void Machine::Impl::answer_mmio(const kvm::MmioExit& mmio) {
    if (mmio.width == 0 || mmio.width > 8)
        return;
    if (!mmio.write) {
        const std::uint64_t value = board->mmio.read(mmio.address, mmio.width);
        std::memcpy(mmio.data, &value, mmio.width);
    } else if (memory->owns_shadow(mmio.address)) {
        memory->shadow_write(mmio.address, ByteView(mmio.data, mmio.width));
    } else {
        board->mmio.write(mmio.address, mmio.width, load_value(mmio.data, mmio.width));
    }
}

void Machine::Impl::handle_msr(Processor& cpu, bool write) {
    const kvm::MsrExit msr = cpu.vcpu.msr();
    *msr.error = 0;
    if (write) {
        if (!write_msr(msr.index))
            *msr.error = 1;
    } else if (const auto value = read_msr(msr.index)) {
        *msr.data = *value;
    } else {
        *msr.error = 1;
    }
}

void Machine::Impl::drain() {
    if (!vm.has_coalesced())
        return;
    // Runs of writes to the video window go to the adapter in one call.
    const auto flush = [this] {
        if (!window_writes.empty())
            board->vga()->write_window(window_writes);
        window_writes.clear();
    };
    vm.drain([&](const kvm::CoalescedWrite& write) {
        const std::uint64_t value = load_value(write.data, write.length);
        if (!write.port && write.address >= Vga::window_start &&
            write.address - Vga::window_start < Vga::window_size && board->vga() != nullptr) {
            window_writes.push_back(
                {static_cast<std::uint32_t>(write.address - Vga::window_start), write.length, value});
            return;
        }
        flush();
        if (write.port)
            board->ports.write(static_cast<std::uint16_t>(write.address), write.length,
                               static_cast<std::uint32_t>(value));
        else
            board->mmio.write(write.address, write.length, value);
    });
    flush();
}

void Machine::Impl::post_done() {
    collect_firmware_writes(false);
    const bool apic = profile.interrupts == profiles::InterruptController::apic;
    hide_tables(memory->ram().subspan(0xF0000, 0x10000), !apic);
}

} // namespace ntferry::vmm
