// DescriptorLine: a line whose far end is a file descriptor.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "vmm/bus/backends.hpp"

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>

namespace ntferry::vmm {

/// Reads and writes on a thread of its own; up to 64 KiB wait in each direction. With nobody at the far end
/// what is written is lost, as on a cable that hangs in the air. The thread begins with attach(): lines are
/// opened before the process is walled in, which it has to be while it has one thread.
class DescriptorLine : public CharBackend {
  public:
    struct Ends {
        int input = -1;    ///< -1: nothing comes
        int output = -1;   ///< may be the same
        int listener = -1; ///< accepts one client at a time, which then is both
        bool close = true;
    };

    DescriptorLine(Ends ends, std::shared_ptr<std::mutex> machine_lock);
    ~DescriptorLine() override;

    std::size_t write(ByteView data) override;
    void attach(std::function<std::size_t(ByteView)> received, std::function<void()> ready) override;
    void receive_ready() override { wake(); }

  protected:
    int descriptor() const { return ends_.output; }

  private:
    void run();
    void wake();
    void accept_client();
    void drop_client();
    bool read_some();
    void write_some();
    void flush_rest();

    Ends ends_;
    std::shared_ptr<std::mutex> machine_lock_;
    int wake_fd_ = -1;
    std::thread thread_;
    std::atomic<bool> stopping_{false};

    // Under the machine lock:
    std::function<std::size_t(ByteView)> received_;
    std::function<void()> ready_;
    std::deque<std::uint8_t> out_;
    Bytes in_; ///< read and not yet taken by the device
};

} // namespace ntferry::vmm
