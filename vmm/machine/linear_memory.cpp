// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/machine/linear_memory.hpp"

namespace ntferry::vmm {
namespace {

constexpr std::uint32_t CR0_PE = 1U << 0U;
constexpr std::uint32_t CR0_WP = 1U << 16U;
constexpr std::uint32_t CR0_PG = 1U << 31U;
constexpr std::uint32_t CR4_PSE = 1U << 4U;
/// VME, PVI, TSD, DE, PSE, MCE, PGE, PCE, OSFXSR, OSXMMEXCPT: all but PSE without a say in translation.
constexpr std::uint32_t CR4_KNOWN = 0x7DF;
constexpr std::uint64_t EFLAGS_VM = 1U << 17U;

constexpr std::uint32_t PRESENT = 1U << 0U;
constexpr std::uint32_t WRITABLE = 1U << 1U;
constexpr std::uint32_t USER = 1U << 2U;
constexpr std::uint32_t ACCESSED = 1U << 5U;
constexpr std::uint32_t DIRTY = 1U << 6U;
constexpr std::uint32_t LARGE = 1U << 7U;
/// PAT and the address bits above 4 GiB of PSE-36.
constexpr std::uint32_t LARGE_UNUSUAL = 0x003FF000;

constexpr std::uint8_t TYPE_CODE = 8;
constexpr std::uint8_t TYPE_EXPAND_DOWN = 4;
constexpr std::uint8_t TYPE_READABLE_OR_WRITABLE = 2;

} // namespace

bool LinearMemory::protected_mode() const {
    return (registers_.cr0 & CR0_PE) != 0 && (registers_.rflags & EFLAGS_VM) == 0;
}

bool LinearMemory::large_code() const {
    return protected_mode() && registers_.segments[kvm::Registers::cs].large;
}

std::optional<std::uint32_t> LinearMemory::linear(unsigned number, std::uint32_t offset, unsigned width,
                                                  Access access) const {
    const kvm::Segment& segment = registers_.segments[number];
    if (registers_.long_mode || width == 0)
        return std::nullopt;
    if (protected_mode()) {
        const bool code = (segment.type & TYPE_CODE) != 0;
        const bool allowed = (segment.type & TYPE_READABLE_OR_WRITABLE) != 0;
        if (!segment.usable || (!code && (segment.type & TYPE_EXPAND_DOWN) != 0) ||
            (access == Access::write && (code || !allowed)) || (access == Access::read && code && !allowed) ||
            (access == Access::fetch && !code))
            return std::nullopt;
    }
    if (std::uint64_t{offset} + width - 1 > segment.limit)
        return std::nullopt;
    const std::uint64_t first = (segment.base + offset) & 0xFFFFFFFFU;
    if (first + width - 1 > 0xFFFFFFFFU)
        return std::nullopt; // round the end of the address space
    return static_cast<std::uint32_t>(first);
}

bool LinearMemory::allows(std::uint32_t entry, Access access) const {
    const bool user = registers_.ring == 3;
    if ((entry & PRESENT) == 0 || (entry & ACCESSED) == 0 || (user && (entry & USER) == 0))
        return false;
    return access != Access::write || (entry & WRITABLE) != 0 || (!user && (registers_.cr0 & CR0_WP) == 0);
}

std::optional<GuestAddress> LinearMemory::physical(std::uint32_t linear, Access access) const {
    if (registers_.long_mode)
        return std::nullopt;
    if ((registers_.cr0 & CR0_PG) == 0)
        return linear;
    if ((registers_.cr4 & ~CR4_KNOWN) != 0 || (registers_.cr4 & 0x20U) != 0)
        return std::nullopt;
    const auto entry = [&](GuestAddress at) {
        const ByteView bytes = memory_.span(at, 4);
        return bytes.size() == 4 ? load_le<std::uint32_t>(bytes, 0) : 0U; // not present
    };
    const std::uint32_t directory = entry((registers_.cr3 & 0xFFFFF000U) + (linear >> 22U) * 4);
    if (!allows(directory, access))
        return std::nullopt;
    if ((directory & LARGE) != 0 && (registers_.cr4 & CR4_PSE) != 0) {
        if ((directory & LARGE_UNUSUAL) != 0 || (access == Access::write && (directory & DIRTY) == 0))
            return std::nullopt;
        return (directory & 0xFFC00000U) | (linear & 0x003FFFFFU);
    }
    const std::uint32_t page = entry((directory & 0xFFFFF000U) + (linear >> 12U & 0x3FFU) * 4);
    if (!allows(page, access) || (access == Access::write && (page & DIRTY) == 0))
        return std::nullopt;
    return (page & 0xFFFFF000U) | (linear & 0xFFFU);
}

std::optional<GuestAddress> LinearMemory::find(unsigned segment, std::uint32_t offset, unsigned width,
                                               Access access) const {
    const auto at = linear(segment, offset, width, access);
    if (!at || *at % page_size + width > page_size)
        return std::nullopt;
    return physical(*at, access);
}

} // namespace ntferry::vmm
