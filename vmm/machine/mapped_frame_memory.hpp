// MappedFrameMemory: video RAM that the guest reaches without an exit.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "vmm/devices/vga/frame_memory.hpp"
#include "vmm/machine/memory_map.hpp"

namespace ntferry::vmm {

class MappedFrameMemory final : public FrameMemory {
  public:
    MappedFrameMemory(MemoryMap& map, std::size_t size) : map_(map), memory_(size) {}
    ~MappedFrameMemory() override { map_.unmap(memory_.view()); }

    MutableByteView bytes() override { return memory_.view(); }
    void clear() override { memory_.clear(); }
    void collect_dirty(MutableByteView pages) override {
        if (!mapped_)
            return;
        const std::vector<std::uint64_t> bits = map_.take_dirty(memory_.view());
        for (std::size_t page = 0; page < pages.size() && page / 64 < bits.size(); ++page)
            if ((bits[page / 64] >> page % 64 & 1U) != 0)
                pages[page] = 1;
    }
    void map(std::optional<GuestAddress> where) override {
        if (where == where_)
            return;
        where_ = where;
        if (where) {
            mapped_ = map_.map(*where, memory_.view());
        } else {
            map_.unmap(memory_.view());
            mapped_ = false;
        }
    }

  private:
    MemoryMap& map_;
    HostMemory memory_;
    std::optional<GuestAddress> where_;
    bool mapped_ = false;
};

} // namespace ntferry::vmm
