// FrameQueue: frames on their way to the guest, from a thread of the host to a device that may be busy.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "vmm/bus/backends.hpp"

#include <cstddef>
#include <deque>

namespace ntferry::vmm::net {

/// Used under the machine lock only. Bounded: what does not fit is lost, as in a real switch.
class FrameQueue {
  public:
    explicit FrameQueue(std::size_t capacity = 512) : capacity_(capacity) {}
    void attach(NetReceiver* receiver) { receiver_ = receiver; }
    /// Delivers at once where nothing waits and the device has room. False when the frame was lost.
    bool push(ByteView frame);
    /// Delivers what waits, as far as the device has room.
    void drain();
    bool full() const { return frames_.size() >= capacity_; }
    bool empty() const { return frames_.empty(); }
    void clear() { frames_.clear(); }

  private:
    std::size_t capacity_;
    NetReceiver* receiver_ = nullptr;
    std::deque<Bytes> frames_;
};

} // namespace ntferry::vmm::net
