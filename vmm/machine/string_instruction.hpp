// StringInstruction: REP STOS and REP MOVS, decoded and carried out for video memory.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2B: MOVS, REP, STOS; volume 2A, 2.1.1.
//
// KVM emulates an instruction that touches the video window one element at a time; what it costs is that
// emulation. Many elements at once need none of it.
#pragma once

#include "vmm/bus/mmio_bus.hpp"
#include "vmm/machine/linear_memory.hpp"

namespace ntferry::vmm {

struct StringInstruction {
    bool move = false;         ///< MOVS; else STOS
    std::uint8_t width = 1;    ///< bytes of an element: 1, 2 or 4
    bool wide_address = false; ///< ECX, ESI, EDI; else CX, SI, DI
    std::uint8_t segment = 0;  ///< of the source of MOVS
    std::uint8_t length = 0;   ///< bytes, with its prefixes
    bool operator==(const StringInstruction&) const = default;

    /// Elements that are left to do.
    std::uint32_t count(const kvm::Registers& registers) const;
    void set_count(kvm::Registers& registers, std::uint32_t count) const;
};

/// The instruction at CS:RIP, if it is one and nothing watches it (TF, alignment checks; the
/// caller looks for breakpoints). LOCK, code beyond its segment's limit or in memory of a device give
/// nothing.
std::optional<StringInstruction> decode_string(const kvm::Registers& registers,
                                               const ProcessorMemory& memory);

/// A device's memory between two page boundaries of guest physical memory.
struct DeviceWindow {
    MmioDevice& device; ///< takes offsets from start
    GuestAddress start;
    std::uint32_t size;
    bool holds(GuestAddress address) const { return address >= start && address - start < size; }
};

/// Does what the processor would do, element by element: at most limit of them, and only as long as each goes
/// to the window and comes from memory or the window. Stops before an element that faults or lies on two
/// pages. Afterwards the registers are those between two elements; RIP is behind the instruction when none is
/// left.
/// @return how many were done
std::uint32_t run_string(const StringInstruction& instruction, kvm::Registers& registers,
                         const ProcessorMemory& memory, const DeviceWindow& window, std::uint32_t limit);

} // namespace ntferry::vmm
