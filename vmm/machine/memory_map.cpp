// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/machine/memory_map.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <sys/mman.h>

namespace ntferry::vmm {
namespace {

enum Slot : unsigned {
    LOW_RAM = 0,
    HIGH_RAM = 1,
    ROM = 2,
    SMRAM_SLOT = 3,
    FIRST_SHADOW = 4,
    FIRST_MAPPING = FIRST_SHADOW + I440fx::pam_pieces,
    TEXT_SLOT = 31,
    SLOT_COUNT = 31, // of which mappings take
};

constexpr std::uint64_t FOUR_GIB = std::uint64_t{1} << 32U;
constexpr std::uint64_t PAM_STEP = 16U << 10U;
/// The part of the ROM that appears below 1 MiB: E0000-FFFFF.
constexpr std::uint64_t ROM_WINDOW = 128U << 10U;

GuestAddress piece_start(unsigned number) {
    return MemoryMap::shadow_start + number * PAM_STEP;
}

std::uint64_t piece_size(unsigned number) {
    return number == I440fx::pam_pieces - 1 ? 4 * PAM_STEP : PAM_STEP;
}

} // namespace

HostMemory::HostMemory(std::size_t bytes) {
    void* memory =
        ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        throw SystemError(fmt::format("{} MiB of guest memory", bytes >> 20U), "mmap", errno,
                          "give the machine less memory");
    view_ = {static_cast<std::uint8_t*>(memory), bytes};
}

HostMemory::~HostMemory() {
    ::munmap(view_.data(), view_.size());
}

void HostMemory::clear() {
    if (::madvise(view_.data(), view_.size(), MADV_DONTNEED) != 0)
        std::fill(view_.begin(), view_.end(), std::uint8_t{0});
}

MemoryMap::MemoryMap(kvm::Vm& vm, std::uint64_t bytes, ByteView rom)
    : vm_(vm), ram_(bytes), rom_(rom.size()) {
    std::copy(rom.begin(), rom.end(), rom_.view().begin());
    const MutableByteView all = ram_.view();
    memory_.add_region(0, all.first(video_start));
    memory_.add_region(shadow_start, all.subspan(shadow_start, one_mib - shadow_start));
    vm_.set_slot(LOW_RAM, 0, all.first(video_start), kvm::SlotAccess::read_write);
    if (bytes > one_mib) {
        memory_.add_region(one_mib, all.subspan(one_mib));
        vm_.set_slot(HIGH_RAM, one_mib, all.subspan(one_mib), kvm::SlotAccess::read_write);
    }
    vm_.set_slot(ROM, FOUR_GIB - rom.size(), rom_.view(), kvm::SlotAccess::read_only);
}

std::optional<MemoryMap::Piece> MemoryMap::shadow_piece(unsigned number, PamAttribute attribute) const {
    const GuestAddress start = piece_start(number);
    const std::uint64_t size = piece_size(number);
    if (attribute.read_ram)
        return Piece{start, ram_.view().subspan(start, size),
                     attribute.write_ram ? kvm::SlotAccess::read_write : kvm::SlotAccess::read_only};
    // Reads go to the ROM behind PCI: its last 128 KiB appear at E0000, nothing below.
    const std::uint64_t window = std::min<std::uint64_t>(ROM_WINDOW, rom_.view().size());
    if (start < one_mib - window)
        return std::nullopt;
    return Piece{start, rom_.view().subspan(rom_.view().size() - (one_mib - start), size),
                 kvm::SlotAccess::read_only};
}

void MemoryMap::apply(const I440fx& bridge) {
    if (bridge.smram_open() != smram_) {
        smram_ = bridge.smram_open();
        if (smram_)
            map_text(text_address_, text_); // slots must not overlap: it is hidden
        vm_.set_slot(SMRAM_SLOT, video_start,
                     smram_ ? ram_.view().subspan(video_start, shadow_start - video_start)
                            : MutableByteView(),
                     kvm::SlotAccess::read_write);
        map_text(text_address_, text_);
    }
    // Neighbours of one kind share a slot: fewer slots, and one update where all pieces change together.
    std::array<std::optional<Piece>, I440fx::pam_pieces> wanted;
    unsigned open = I440fx::pam_pieces;
    for (unsigned number = 0; number < I440fx::pam_pieces; ++number) {
        attributes_[number] = bridge.pam(number);
        const std::optional<Piece> piece = shadow_piece(number, attributes_[number]);
        if (!piece) {
            open = I440fx::pam_pieces;
        } else if (open < I440fx::pam_pieces && wanted[open]->access == piece->access &&
                   wanted[open]->memory.data() + wanted[open]->memory.size() == piece->memory.data()) {
            wanted[open]->memory = {wanted[open]->memory.data(),
                                    wanted[open]->memory.size() + piece->memory.size()};
        } else {
            wanted[number] = piece;
            open = number;
        }
    }
    const auto unchanged = [&](unsigned number) {
        return shadow_[number].has_value() == wanted[number].has_value() &&
               (!shadow_[number] || shadow_[number]->same(*wanted[number]));
    };
    for (unsigned number = 0; number < I440fx::pam_pieces; ++number)
        if (shadow_[number] && !unchanged(number))
            vm_.set_slot(FIRST_SHADOW + number, shadow_[number]->start, {}, kvm::SlotAccess::read_write);
    for (unsigned number = 0; number < I440fx::pam_pieces; ++number)
        if (wanted[number] && !unchanged(number))
            vm_.set_slot(FIRST_SHADOW + number, wanted[number]->start, wanted[number]->memory,
                         wanted[number]->access);
    shadow_ = wanted;
}

ByteView MemoryMap::span(GuestAddress address, std::uint64_t length) const {
    if (address < video_start)
        return length <= video_start - address ? memory_.span(address, length) : MutableByteView();
    if (address >= one_mib)
        return memory_.span(address, length);
    if (address < shadow_start || length > one_mib - address)
        return {};
    const auto number = static_cast<unsigned>(
        std::min<GuestAddress>((address - shadow_start) / PAM_STEP, I440fx::pam_pieces - 1));
    const std::optional<Piece> piece = shadow_piece(number, attributes_[number]);
    if (!piece || length > piece->memory.size() - (address - piece->start))
        return {};
    return piece->memory.subspan(address - piece->start, length);
}

void MemoryMap::shadow_write(GuestAddress address, ByteView data) {
    for (std::size_t i = 0; i < data.size(); ++i) {
        const GuestAddress at = address + i;
        if (!owns_shadow(at))
            return;
        const auto number = static_cast<unsigned>(
            std::min<GuestAddress>((at - shadow_start) / PAM_STEP, I440fx::pam_pieces - 1));
        if (attributes_[number].write_ram && !attributes_[number].read_ram)
            ram_.view()[at] = data[i];
    }
}

bool MemoryMap::map(GuestAddress address, MutableByteView memory) {
    unmap(memory);
    const std::uint64_t size = memory.size();
    const std::uint64_t rom_start = FOUR_GIB - rom_.view().size();
    if (size == 0 || (address | size) % 4096 != 0 || address < ram_.view().size() || address < one_mib ||
        address > rom_start || size > rom_start - address)
        return false;
    unsigned slot = FIRST_MAPPING;
    for (const Mapping& other : mappings_) {
        if (address < other.address + other.memory.size() && other.address < address + size)
            return false;
        slot = std::max(slot, other.slot + 1);
    }
    if (slot >= SLOT_COUNT)
        return false;
    vm_.set_slot(slot, address, memory, kvm::SlotAccess::log_dirty);
    mappings_.push_back({slot, address, memory});
    return true;
}

void MemoryMap::unmap(MutableByteView memory) {
    const auto at = std::find_if(mappings_.begin(), mappings_.end(),
                                 [&](const Mapping& m) { return m.memory.data() == memory.data(); });
    if (at == mappings_.end())
        return;
    vm_.set_slot(at->slot, at->address, {}, kvm::SlotAccess::read_write);
    mappings_.erase(at);
}

void MemoryMap::map_text(GuestAddress address, MutableByteView memory) {
    if (text_slot_used_)
        vm_.set_slot(TEXT_SLOT, text_address_, {}, kvm::SlotAccess::read_write);
    text_slot_used_ = !memory.empty() && !smram_;
    text_address_ = address;
    text_ = memory;
    if (text_slot_used_)
        vm_.set_slot(TEXT_SLOT, address, memory, kvm::SlotAccess::read_write);
}

std::vector<std::uint64_t> MemoryMap::take_dirty(MutableByteView memory) {
    const auto at = std::find_if(mappings_.begin(), mappings_.end(),
                                 [&](const Mapping& m) { return m.memory.data() == memory.data(); });
    return at == mappings_.end() ? std::vector<std::uint64_t>{} : vm_.dirty_log(at->slot, at->memory.size());
}

} // namespace ntferry::vmm
