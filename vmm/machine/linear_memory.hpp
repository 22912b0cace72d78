// LinearMemory: where the bytes of a guest's segment lie, as its processor would find them.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "vmm/bus/guest_memory.hpp"
#include "vmm/kvm/registers.hpp"

#include <optional>

namespace ntferry::vmm {

/// Guest physical memory as its processors read it.
class ProcessorMemory {
  public:
    virtual ~ProcessorMemory() = default;
    /// Plain memory, RAM or ROM; empty where reading is an access to a device, or where not all of it is in
    /// one piece.
    virtual ByteView span(GuestAddress address, std::uint64_t length) const = 0;
};

enum class Access : std::uint8_t { fetch, read, write };

/// Real mode, virtual 8086 mode and protected mode, without paging or with that of the 386 and Pentium (4 KiB
/// and 4 MiB pages). It answers only where the access goes through and leaves no trace: a fault, an
/// expand-down segment, an accessed or dirty bit that is still to be set, PAE and long mode give nothing, and
/// the processor has to find out itself. Intel SDM volume 3A, 4.3, 4.6, 5.3, 5.5.
class LinearMemory {
  public:
    static constexpr std::uint32_t page_size = 4096;

    LinearMemory(const kvm::Registers& registers, const ProcessorMemory& memory)
        : registers_(registers), memory_(memory) {}

    /// Linear address of width bytes at an offset of a segment.
    std::optional<std::uint32_t> linear(unsigned segment, std::uint32_t offset, unsigned width,
                                        Access access) const;
    /// Guest physical address. What lies behind it goes on to the end of the page.
    std::optional<GuestAddress> physical(std::uint32_t linear, Access access) const;
    /// Both, for bytes that lie in one page.
    std::optional<GuestAddress> find(unsigned segment, std::uint32_t offset, unsigned width,
                                     Access access) const;

    /// Code is 32-bit.
    bool large_code() const;
    bool protected_mode() const;

  private:
    bool allows(std::uint32_t entry, Access access) const;

    const kvm::Registers& registers_;
    const ProcessorMemory& memory_;
};

} // namespace ntferry::vmm
