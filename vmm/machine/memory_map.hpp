// MemoryMap: the guest's RAM, its ROM and its frame buffers as memory slots of KVM.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "vmm/bus/guest_memory.hpp"
#include "vmm/devices/i440fx.hpp"
#include "vmm/kvm/vm.hpp"
#include "vmm/machine/linear_memory.hpp"

#include <array>
#include <map>
#include <optional>

namespace ntferry::vmm {

/// Anonymous memory of the host, given back at the end. Costs nothing until it is touched.
class HostMemory {
  public:
    explicit HostMemory(std::size_t bytes);
    ~HostMemory();
    HostMemory(const HostMemory&) = delete;
    HostMemory& operator=(const HostMemory&) = delete;
    MutableByteView view() const { return view_; }
    /// All zero again, and not there until touched.
    void clear();

  private:
    MutableByteView view_;
};

class MemoryMap final : public ProcessorMemory {
  public:
    static constexpr GuestAddress video_start = 0xA0000;
    static constexpr GuestAddress shadow_start = 0xC0000;
    static constexpr GuestAddress one_mib = 0x100000;

    /// @param bytes RAM size, a multiple of 1 MiB
    /// @param rom firmware image, 64 KiB to 1 MiB, a multiple of 64 KiB: ends at 4 GiB and, before the guest
    /// changes PAM, at 1 MiB
    MemoryMap(kvm::Vm& vm, std::uint64_t bytes, ByteView rom);

    GuestMemory& memory() { return memory_; }
    /// RAM, and what PAM lets appear between C0000h and FFFFFh.
    ByteView span(GuestAddress address, std::uint64_t length) const override;
    MutableByteView ram() const { return ram_.view(); }
    std::uint64_t size() const { return ram_.view().size(); }

    /// Follows the host bridge's PAM and SMRAM registers.
    void apply(const I440fx& bridge);
    /// A write exit in the shadow area: taken by RAM where PAM sends writes there and reads elsewhere.
    void shadow_write(GuestAddress address, ByteView data);
    /// A read exit there: ROM cut up by PAM.
    bool owns_shadow(GuestAddress address) const { return address >= shadow_start && address < one_mib; }

    /// Shows memory of a device (page-aligned, alive until unmap()) at an address; moves it when it was
    /// somewhere else. An address that overlaps RAM or another mapping is the guest's mistake: the memory
    /// then stays away (false).
    bool map(GuestAddress address, MutableByteView memory);
    void unmap(MutableByteView memory);
    /// Memory of the adapter (page-aligned) in its window between A0000h and BFFFFh, in place of what is
    /// there; an empty view takes it away. It stays hidden while SMRAM is open.
    void map_text(GuestAddress address, MutableByteView memory);
    /// One bit per 4 KiB page that the guest wrote since the last call; empty when it is not mapped.
    std::vector<std::uint64_t> take_dirty(MutableByteView memory);

  private:
    struct Piece {
        GuestAddress start = 0;
        MutableByteView memory;
        kvm::SlotAccess access = kvm::SlotAccess::read_write;
        bool same(const Piece& other) const {
            return start == other.start && memory.data() == other.memory.data() &&
                   memory.size() == other.memory.size() && access == other.access;
        }
    };
    struct Mapping {
        unsigned slot;
        GuestAddress address;
        MutableByteView memory;
    };
    std::optional<Piece> shadow_piece(unsigned number, PamAttribute attribute) const;

    kvm::Vm& vm_;
    HostMemory ram_;
    HostMemory rom_;
    GuestMemory memory_;
    std::array<std::optional<Piece>, I440fx::pam_pieces> shadow_; ///< slot n + FIRST_SHADOW holds [n]
    std::array<PamAttribute, I440fx::pam_pieces> attributes_{};
    bool smram_ = false;
    GuestAddress text_address_ = 0;
    MutableByteView text_; ///< empty: none
    bool text_slot_used_ = false;
    std::vector<Mapping> mappings_;
};

} // namespace ntferry::vmm
