// String instructions on video memory, many elements at an exit instead of one.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// KVM's emulator does them element by element. Writes it collects until the ring is full; a read exits each
// time. At such an exit the elements that follow are carried out here, on the adapter itself and under the
// machine lock as every access, and the guest goes on behind them.
#include "vmm/machine/machine_impl.hpp"

#include <algorithm>

namespace ntferry::vmm {
namespace {

/// At most so many at once, and so many bytes: 50 to 80 us, after which interrupts, timers and other
/// processors have their turn.
constexpr std::uint32_t most_elements = 4096;
constexpr std::uint32_t most_bytes = 8192;
/// Fewer are not worth the two to five system calls that it takes to get at the registers and back.
constexpr std::uint32_t fewest_elements = 8;
/// After so many exits in a row that were no string instruction's, one in so many is looked at.
constexpr unsigned misses_to_relax = 8;
constexpr unsigned relaxed_look = 32;
/// An element that lies on two pages, or is wider than a register, takes two exits.
constexpr unsigned most_pieces = 4;

} // namespace

bool Machine::Impl::may_batch(Processor& cpu, const kvm::MmioExit& mmio) {
    const Vga* vga = board->vga();
    return batch_strings && vga != nullptr && mmio.address >= Vga::window_start &&
           mmio.address - Vga::window_start < Vga::window_size && !vga->text_window_shown() &&
           !board->bridge().smram_open() &&
           (cpu.batch_misses < misses_to_relax || ++cpu.batch_misses % relaxed_look == 0);
}

/// The read is that of the element which the instruction has come to.
bool Machine::Impl::is_source(const kvm::Registers& registers, const StringInstruction& instruction,
                              const kvm::MmioExit& mmio) const {
    const auto offset = static_cast<std::uint32_t>(registers.general[kvm::Registers::si]) &
                        (instruction.wide_address ? 0xFFFFFFFFU : 0xFFFFU);
    return instruction.move && instruction.width == mmio.width &&
           LinearMemory(registers, *memory).find(instruction.segment, offset, mmio.width, Access::read) ==
               mmio.address;
}

/// Handles an exit that a string instruction made, and the rest of the instruction. False: nothing was done.
bool Machine::Impl::batch_string(Processor& cpu, const kvm::MmioExit& mmio) {
    if (!may_batch(cpu, mmio))
        return false;
    kvm::Registers registers = cpu.vcpu.registers();
    const auto instruction = decode_string(registers, *memory);
    const bool ours = instruction && instruction->count(registers) >= fewest_elements &&
                      (mmio.write || is_source(registers, *instruction, mmio)) && !cpu.vcpu.has_breakpoints();
    cpu.vcpu.bring_registers(ours); // more of the kind will follow
    if (!ours) {
        ++cpu.batch_misses;
        return false;
    }
    cpu.batch_misses = 0;
    if (mmio.write) {
        // Registers are those behind the element.
        answer_mmio(mmio);
        if (!finish_access(cpu))
            return true;
    } else {
        // In the middle of the element: registers are those before it.
        answer_mmio(mmio);
        if (!finish_element(cpu, *instruction, registers))
            return true;
    }
    Vga& vga = *board->vga();
    const DeviceWindow window{vga.window(), Vga::window_start, Vga::window_size};
    const std::uint32_t limit = std::min(most_elements, most_bytes / instruction->width);
    const std::uint32_t done = run_string(*instruction, registers, *memory, window, limit);
    batched += done;
    // Where an access to memory costs a guest 0.2 us because its KVM interprets, this is cheaper. Elsewhere
    // memory is free of charge, and a window that is written to again and again is worth showing.
    if (!host_interprets)
        host_interprets = kvm::interprets_guests();
    if (*host_interprets)
        vga.wrote_at_once(done);
    cpu.vcpu.set_registers(registers);
    return true;
}

/// Lets KVM finish the access that it has exited with. False when that led to something else.
bool Machine::Impl::finish_access(Processor& cpu) {
    for (unsigned piece = 0; piece < most_pieces; ++piece) {
        const kvm::ExitReason reason = cpu.vcpu.finish_exit();
        drain();
        if (reason == kvm::ExitReason::interrupted)
            return true;
        if (reason != kvm::ExitReason::mmio) {
            handle(cpu, reason);
            return false;
        }
        const kvm::MmioExit mmio = cpu.vcpu.mmio();
        answer_mmio(mmio);
        if (!mmio.write)
            return false;
    }
    return false;
}

/// Lets KVM finish the element whose source it has just been given, and no other. It would go on with the
/// next one and exit in the middle of that, so it is told that this is the last. Then registers are those
/// behind it, RIP on the instruction. False: another exit is under way, or the element faults.
bool Machine::Impl::finish_element(Processor& cpu, const StringInstruction& instruction,
                                   kvm::Registers& registers) {
    const std::uint32_t count = instruction.count(registers);
    const std::uint64_t rip = registers.rip;
    instruction.set_count(registers, 1);
    cpu.vcpu.set_registers(registers);
    const bool finished = finish_access(cpu);
    registers = cpu.vcpu.registers();
    const std::uint32_t left = instruction.count(registers);
    // KVM leaves RIP on the instruction and finds no element left when it comes to it again.
    if (left == 0 && (registers.rip == rip || registers.rip == rip + instruction.length)) {
        instruction.set_count(registers, count - 1);
        registers.rip = rip;
        if (!finished)
            cpu.vcpu.set_registers(registers);
        return finished;
    }
    if (left == 1 && registers.rip == rip) {
        // It faults. The instruction is begun again and finds that out once more, with the right count.
        instruction.set_count(registers, count);
        cpu.vcpu.set_registers(registers);
    } else {
        batch_strings = false; // a KVM that does not do as KVM does
    }
    return false;
}

} // namespace ntferry::vmm
