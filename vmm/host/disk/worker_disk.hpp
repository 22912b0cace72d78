// WorkerDisk: a BlockDevice behind a thread of its own, with writes made durable without being asked.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/block/device.hpp"
#include "vmm/bus/backends.hpp"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>

namespace ntferry::vmm {

/// NT 4.0 never sends FLUSH CACHE: what it was told is written must not depend on it. A write that was
/// completed to the guest survives a power cut of the host after at most durable_within plus the time of one
/// flush of the device. A killed process loses nothing that was completed: writes go to the host at once.
///
/// Operations are executed in the order of submission, one at a time.
class WorkerDisk final : public DiskBackend {
  public:
    struct Options {
        std::chrono::milliseconds durable_within{1000};
        std::function<void()> thread_started; ///< called on the thread, for walls of its own
    };

    /// @param machine_lock under which completions are called
    WorkerDisk(block::SharedBlockDevice device, std::shared_ptr<std::mutex> machine_lock, Options options);
    WorkerDisk(block::SharedBlockDevice device, std::shared_ptr<std::mutex> machine_lock)
        : WorkerDisk(std::move(device), std::move(machine_lock), Options{}) {}
    /// Finishes what was submitted and flushes. The machine lock must not be held unless nothing is under
    /// way.
    ~WorkerDisk() override;

    std::uint64_t size() const override { return device_->size(); }
    bool read_only() const override { return !device_->writable(); }
    void submit(Operation operation, std::uint64_t offset, MutableByteView buffer,
                Completion completion) override;
    void cancel_all() override;
    bool busy() const override { return under_way_ != 0; }

  private:
    struct Request {
        Operation operation;
        std::uint64_t offset;
        MutableByteView buffer;
        Completion completion;
        std::uint64_t generation;
    };
    void work();
    int execute(const Request& request);
    int flush();

    block::SharedBlockDevice device_;
    std::shared_ptr<std::mutex> machine_lock_;
    Options options_;
    std::thread thread_;

    // Under the machine lock:
    unsigned under_way_ = 0;
    std::uint64_t generation_ = 0; ///< completions of older ones are not called

    std::mutex lock_; ///< guards what follows; taken after the machine lock, never before it
    std::condition_variable wake_;
    std::condition_variable idle_;
    std::deque<Request> queue_;
    bool executing_ = false;
    bool stopping_ = false;

    // The worker's own:
    bool dirty_ = false;
    std::chrono::steady_clock::time_point dirty_since_;
};

} // namespace ntferry::vmm
