// Poster: runs functions under the machine lock on a thread of its own.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace ntferry::vmm {

/// The thread starts with the first function and ends with the object; functions that have not run by then do
/// not run.
class Poster {
  public:
    /// @param before called with the lock before each function
    Poster(std::mutex& machine_lock, std::function<void()> before)
        : machine_lock_(machine_lock), before_(std::move(before)) {}
    ~Poster() { stop(); }
    Poster(const Poster&) = delete;
    Poster& operator=(const Poster&) = delete;

    void post(std::function<void()> fn);
    /// Waits for the function that runs; the others do not run. Not with the machine lock.
    void stop();

  private:
    void work();

    std::mutex& machine_lock_;
    std::function<void()> before_;
    std::mutex own_lock_; ///< guards the queue; never held together with the machine lock by work()
    std::condition_variable wake_;
    std::deque<std::function<void()>> queue_;
    bool stopping_ = false;
    std::thread thread_;
};

} // namespace ntferry::vmm
