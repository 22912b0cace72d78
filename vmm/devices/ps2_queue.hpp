// Ps2Queue: what a keyboard or a mouse has to say.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "vmm/bus/state.hpp"

#include <deque>
#include <initializer_list>

namespace ntferry::vmm {

/// Answers to commands always fit; events are refused as a whole when there is no room.
class Ps2Queue {
  public:
    explicit Ps2Queue(std::size_t capacity) : capacity_(capacity) {}

    bool empty() const { return bytes_.empty(); }
    std::size_t size() const { return bytes_.size(); }
    void clear() { bytes_.clear(); }
    std::uint8_t take() {
        const std::uint8_t value = bytes_.front();
        bytes_.pop_front();
        return value;
    }
    void answer(std::initializer_list<std::uint8_t> bytes) {
        if (bytes_.size() + bytes.size() <= capacity_ + 8)
            bytes_.insert(bytes_.end(), bytes);
    }
    bool event(ByteView bytes) {
        if (bytes_.size() + bytes.size() > capacity_)
            return false;
        bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
        return true;
    }
    void save(StateWriter& writer) const { writer.put_bytes(Bytes(bytes_.begin(), bytes_.end())); }
    void load(StateReader& reader) {
        const Bytes bytes = reader.get_bytes(capacity_ + 8);
        bytes_.assign(bytes.begin(), bytes.end());
    }

  private:
    std::size_t capacity_;
    std::deque<std::uint8_t> bytes_;
};

} // namespace ntferry::vmm
