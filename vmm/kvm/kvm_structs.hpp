// KVM's variable-length structures. <linux/kvm.h> declares their flexible arrays with a macro that moves them
// when the reader is a C++ compiler, so headers and entries are laid out by hand here.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <linux/kvm.h>

#include <cstdint>
#include <cstring>
#include <vector>

namespace ntferry::vmm::kvm {

/// kvm_msrs with one entry.
struct OneMsr {
    std::uint32_t nmsrs = 1;
    std::uint32_t pad = 0;
    kvm_msr_entry entry{};
};
static_assert(sizeof(OneMsr) == 24);

/// A count, four bytes of padding or flags, then entries: kvm_cpuid2, kvm_irq_routing.
template <typename Entry>
class EntryTable {
  public:
    explicit EntryTable(std::size_t capacity) : bytes_(8 + capacity * sizeof(Entry)) {}
    void add(const Entry& entry) {
        std::memcpy(bytes_.data() + 8 + count_ * sizeof(Entry), &entry, sizeof(Entry));
        ++count_;
        std::memcpy(bytes_.data(), &count_, sizeof(count_));
    }
    void* data() { return bytes_.data(); }

  private:
    std::uint32_t count_ = 0;
    std::vector<std::uint8_t> bytes_;
};

// An ioctl number holds the size of its structure, so those of the macro's victims are made here, too: 8
// bytes in C.
struct EightBytes {
    std::uint8_t bytes[8];
};
inline constexpr unsigned long GET_SUPPORTED_CPUID = _IOWR(KVMIO, 0x05, EightBytes);
inline constexpr unsigned long SET_GSI_ROUTING = _IOW(KVMIO, 0x6A, EightBytes);
inline constexpr unsigned long GET_MSRS = _IOWR(KVMIO, 0x88, EightBytes);
inline constexpr unsigned long SET_MSRS = _IOW(KVMIO, 0x89, EightBytes);
inline constexpr unsigned long SET_CPUID2 = _IOW(KVMIO, 0x90, EightBytes);

/// kvm_coalesced_mmio_ring without its array.
struct RingHeader {
    std::uint32_t first;
    std::uint32_t last;
};

} // namespace ntferry::vmm::kvm
