// WorkerDisk: a BlockDevice behind a thread of its own, with writes made durable without being asked.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/block/cached_reads.hpp"
#include "vmm/bus/backends.hpp"
#include "vmm/host/disk/io_budget.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

namespace ntferry::vmm {

/// An operation that the host could not do, and that can be tried again once the cause is cured.
struct DiskFault {
    std::string drive; ///< Options::drive
    std::string image;
    DiskBackend::Operation operation = DiskBackend::Operation::write;
    int error = 0;    ///< errno value
    std::string text; ///< for people
};

/// NT 4.0 never sends FLUSH CACHE: what it was told is written must not depend on it. A write that was
/// completed to the guest survives a power cut of the host after at most durable_within plus the time of one
/// flush of the device. A killed process loses nothing that was completed: writes go to the host at once.
///
/// Operations are executed in the order of submission, one at a time. A write or flush that fails (no space,
/// a dead server) and a read that fails for another reason than a bad sector stall the disk when there is
/// somebody to tell: the operation is kept and tried again, by retry() and every try_again. The guest sees a
/// slow disk.
class WorkerDisk final : public DiskBackend {
  public:
    struct Options {
        std::chrono::milliseconds durable_within{1000};
        std::string drive;                    ///< how faults call it
        std::function<void()> thread_started; ///< called on the thread, for walls of its own
        /// Called on the thread without a lock when the disk stalls; without it the guest gets the error.
        std::function<void(const DiskFault&)> failed;
        /// Called as failed() when the disk has gone on without being asked to.
        std::function<void(const std::string& drive)> cured;
        std::chrono::milliseconds try_again{1000}; ///< how often a stalled operation is tried unasked
        std::shared_ptr<IoBudget> budget;          ///< for reads and writes; nothing: as fast as it goes
    };

    /// @param machine_lock under which completions are called
    WorkerDisk(block::SharedBlockDevice device, std::shared_ptr<std::mutex> machine_lock, Options options);
    WorkerDisk(block::SharedBlockDevice device, std::shared_ptr<std::mutex> machine_lock)
        : WorkerDisk(std::move(device), std::move(machine_lock), Options{}) {}
    /// Finishes what was submitted and flushes. The machine lock must not be held unless nothing is under
    /// way.
    ~WorkerDisk() override;

    std::uint64_t size() const override { return size_; }
    bool read_only() const override { return read_only_; }
    void submit(Operation operation, std::uint64_t offset, MutableByteView buffer,
                Completion completion) override;
    bool read_now(std::uint64_t offset, MutableByteView buffer) override;
    void cancel_all() override;
    /// A stalled disk is not: it waits for somebody else.
    bool busy() const override { return under_way_ != 0 && !stalled_; }

    /// An operation waits for retry(). Any thread.
    bool stalled() const { return stalled_; }
    /// Tries what stalled again. Any thread.
    void retry();
    /// Makes what was written durable. The machine is paused. @throws Error as exchange()
    void flush();
    /// Puts another image in the place of this one: what was written is made durable, then swap gets the old
    /// image and returns the new one of the same size. The machine is paused. @throws Error when the disk is
    /// stalled, when the flush fails, and what swap throws; the old image stays then
    void exchange(const std::function<block::SharedBlockDevice(block::SharedBlockDevice)>& swap);

  private:
    using Time = std::chrono::steady_clock::time_point;
    struct Request {
        Operation operation;
        std::uint64_t offset;
        MutableByteView buffer;
        Completion completion;
        std::uint64_t generation;
    };
    struct Outcome {
        int error = 0;
        bool curable = false; ///< the host's fault, not the medium's
        std::string text;
    };
    void work();
    Outcome execute(Operation operation, std::uint64_t offset, MutableByteView buffer);
    int carry_out(std::unique_lock<std::mutex>& held, Operation operation, std::uint64_t offset,
                  MutableByteView buffer);
    /// With lock_. @throws Error
    void settle(std::unique_lock<std::mutex>& held);
    bool stall(std::unique_lock<std::mutex>& held, const DiskFault& fault, bool told);
    void hold_back(std::unique_lock<std::mutex>& held, const Request& request);

    block::SharedBlockDevice device_;
    block::CachedReads* cached_; ///< device_, when it can tell
    std::uint64_t size_;
    bool read_only_;
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
    bool retry_ = false;
    bool cancelled_ = false;
    std::atomic<bool> stalled_{false};

    // The worker's own while executing_, else under lock_:
    bool dirty_ = false;
    Time dirty_since_;
};

} // namespace ntferry::vmm
