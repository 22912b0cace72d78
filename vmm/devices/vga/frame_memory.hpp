// FrameMemory: the video RAM, owned by the machine so that a hypervisor can map it into the guest.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "vmm/bus/guest_memory.hpp"

#include <algorithm>
#include <optional>

namespace ntferry::vmm {

/// Video RAM and what the guest does to it behind the adapter's back.
class FrameMemory {
  public:
    static constexpr std::size_t page_size = 4096;

    virtual ~FrameMemory() = default;
    /// A power of two from 256 KiB to 64 MiB; the same span for as long as this object lives.
    virtual MutableByteView bytes() = 0;
    /// Makes all of it zero. A mapping of the host's can do that without touching every page.
    virtual void clear() = 0;
    /// Sets pages[n] to 1 where the guest wrote to page n through its mapping since the last call; leaves the
    /// others alone. pages has bytes().size() / page_size elements.
    virtual void collect_dirty(MutableByteView pages) = 0;
    /// The linear frame buffer appears at this guest address, or nowhere.
    virtual void map(std::optional<GuestAddress> where) = 0;

    /// The window of a text mode: 32 KiB of characters and attributes, side by side as the guest sees them.
    static constexpr std::size_t text_size = std::size_t{32} << 10U;
    /// Empty where the guest cannot have it mapped; else the same span for as long as this object lives.
    virtual MutableByteView text() { return {}; }
    /// text() appears at this guest address (B0000h, B8000h), or nowhere.
    virtual void map_text(std::optional<GuestAddress>) {}
};

/// Video RAM that is not mapped: every access of the guest is an access to the adapter.
class UnmappedFrameMemory final : public FrameMemory {
  public:
    explicit UnmappedFrameMemory(std::size_t size) : bytes_(size) {}
    MutableByteView bytes() override { return bytes_; }
    void clear() override { std::fill(bytes_.begin(), bytes_.end(), std::uint8_t{0}); }
    void collect_dirty(MutableByteView) override {}
    void map(std::optional<GuestAddress> where) override { where_ = where; }
    std::optional<GuestAddress> where() const { return where_; }

  private:
    Bytes bytes_;
    std::optional<GuestAddress> where_;
};

} // namespace ntferry::vmm
