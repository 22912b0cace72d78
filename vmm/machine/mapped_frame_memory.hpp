// MappedFrameMemory: video RAM that the guest reaches without an exit.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "vmm/devices/vga/frame_memory.hpp"
#include "vmm/machine/memory_map.hpp"

#include <functional>

namespace ntferry::vmm {

class MappedFrameMemory final : public FrameMemory {
  public:
    /// @param text_mapped told with true before the text window appears and with false after it has gone
    MappedFrameMemory(MemoryMap& map, std::size_t size, std::function<void(bool)> text_mapped)
        : map_(map), memory_(size), text_(text_size), text_mapped_(std::move(text_mapped)) {}
    ~MappedFrameMemory() override {
        map_.unmap(memory_.view());
        map_.map_text(0, {});
    }

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

    MutableByteView text() override { return text_.view(); }
    void map_text(std::optional<GuestAddress> where) override {
        if (where) {
            text_mapped_(true);
            map_.map_text(*where, text_.view());
        } else {
            map_.map_text(0, {});
            text_mapped_(false);
        }
    }

  private:
    MemoryMap& map_;
    HostMemory memory_;
    HostMemory text_;
    std::function<void(bool)> text_mapped_;
    std::optional<GuestAddress> where_;
    bool mapped_ = false;
};

} // namespace ntferry::vmm
