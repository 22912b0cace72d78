// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/host/net/frame_queue.hpp"

namespace ntferry::vmm::net {

bool FrameQueue::push(ByteView frame) {
    if (receiver_ == nullptr)
        return false;
    if (frames_.empty() && receiver_->receive_frame(frame))
        return true;
    if (full())
        return false;
    frames_.emplace_back(frame.begin(), frame.end());
    return true;
}

void FrameQueue::drain() {
    while (!frames_.empty() && receiver_ != nullptr && receiver_->receive_frame(frames_.front()))
        frames_.pop_front();
}

} // namespace ntferry::vmm::net
