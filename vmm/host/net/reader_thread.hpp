// ReaderThread: waits for frames on a descriptor and hands them to the guest under the machine lock.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "vmm/host/net/frame_queue.hpp"
#include "vmm/host/net/net_backend.hpp"

#include <atomic>
#include <functional>
#include <string>
#include <thread>

namespace ntferry::vmm::net {

/// Owns neither descriptor nor queue. While the queue is full it does not read: the kernel's buffer holds
/// back the sender.
class ReaderThread {
  public:
    /// @param read_frame reads one frame into the buffer: its length, 0 when there is none, -1 with errno
    using ReadFrame = std::function<long(MutableByteView)>;
    /// Called under the machine lock in every turn; true to be called again within a millisecond.
    using Turn = std::function<bool()>;
    /// Called once a second after the descriptor failed, without the lock: it reads again. Without it reading
    /// has ended.
    using Mend = std::function<bool()>;
    ReaderThread(std::string name, int descriptor, ReadFrame read_frame, FrameQueue& queue,
                 const NetHost& host, Turn turn = {}, Mend mend = {});
    ~ReaderThread();
    ReaderThread(const ReaderThread&) = delete;
    ReaderThread& operator=(const ReaderThread&) = delete;
    /// Begins to read; again: nothing. Not in the constructor, since a process has to be walled in while it
    /// has one thread, and networks are opened before that.
    void start();
    /// The queue has room again, or there is something to do in a turn. Any thread.
    void wake();
    /// The descriptor failed and was not mended yet.
    bool broken() const { return broken_; }

  private:
    void run();
    void read_on(MutableByteView buffer);
    bool wait_for_mend();
    std::string name_;
    int descriptor_;
    ReadFrame read_frame_;
    FrameQueue& queue_;
    NetHost host_;
    Turn turn_;
    Mend mend_;
    int wake_event_;
    std::atomic<bool> leaving_{false};
    std::atomic<bool> broken_{false};
    std::thread thread_;
};

} // namespace ntferry::vmm::net
