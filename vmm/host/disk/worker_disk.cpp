// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/host/disk/worker_disk.hpp"

#include <algorithm>
#include <cerrno>
#include <iostream>
#include <pthread.h>
#include <utility>

namespace ntferry::vmm {
WorkerDisk::WorkerDisk(block::SharedBlockDevice device, std::shared_ptr<std::mutex> machine_lock,
                       Options options)
    : device_(std::move(device)), cached_(dynamic_cast<block::CachedReads*>(device_.get())),
      size_(device_->size()), read_only_(!device_->writable()), machine_lock_(std::move(machine_lock)),
      options_(std::move(options)) {}

WorkerDisk::~WorkerDisk() {
    {
        const std::unique_lock<std::mutex> held(lock_);
        stopping_ = true;
    }
    wake_.notify_all();
    if (thread_.joinable())
        thread_.join();
}

void WorkerDisk::submit(Operation operation, std::uint64_t offset, MutableByteView buffer,
                        Completion completion) {
    ++under_way_;
    {
        const std::unique_lock<std::mutex> held(lock_);
        queue_.push_back({operation, offset, buffer, std::move(completion), generation_});
        if (!thread_.joinable())
            thread_ = std::thread([this] { work(); }); // a disk that is never used costs no thread
    }
    wake_.notify_one();
}

bool WorkerDisk::read_now(std::uint64_t offset, MutableByteView buffer) {
    const std::unique_lock<std::mutex> held(lock_);
    if (cached_ == nullptr || options_.budget || executing_ || stopping_ || !queue_.empty())
        return false;
    try {
        return cached_->read_cached(offset, buffer);
    } catch (const Error&) {
        return false; // read() tells it better
    }
}

void WorkerDisk::cancel_all() {
    // The machine lock is held: the worker may be waiting for it with a finished operation, whose completion
    // is then not called.
    ++generation_;
    std::unique_lock<std::mutex> held(lock_);
    queue_.clear();
    cancelled_ = executing_;
    wake_.notify_all();
    idle_.wait(held, [this] { return !executing_; });
    cancelled_ = false;
    under_way_ = 0;
}

void WorkerDisk::retry() {
    const std::unique_lock<std::mutex> held(lock_);
    retry_ = true;
    wake_.notify_all();
}

void WorkerDisk::settle(std::unique_lock<std::mutex>& held) {
    idle_.wait(held, [this] { return !executing_ || stalled_; });
    if (stalled_ || !queue_.empty())
        throw Error(device_->name(), "has operations that wait for the host",
                    "cure what holds them up and let the machine continue first");
    if (device_->writable())
        device_->flush();
    dirty_ = false;
}

void WorkerDisk::flush() {
    std::unique_lock<std::mutex> held(lock_);
    settle(held);
}

void WorkerDisk::exchange(const std::function<block::SharedBlockDevice(block::SharedBlockDevice)>& swap) {
    std::unique_lock<std::mutex> held(lock_);
    settle(held);
    block::SharedBlockDevice other = swap(device_);
    if (other->size() != size_)
        throw Error(other->name(), "has another size than the disk in whose place it is put");
    device_ = std::move(other);
    cached_ = dynamic_cast<block::CachedReads*>(device_.get());
}

WorkerDisk::Outcome WorkerDisk::execute(Operation operation, std::uint64_t offset, MutableByteView buffer) {
    try {
        switch (operation) {
        case Operation::read:
            device_->read(offset, buffer);
            break;
        case Operation::write:
            device_->write(offset, buffer);
            if (!dirty_) {
                dirty_ = true;
                dirty_since_ = std::chrono::steady_clock::now();
            }
            break;
        case Operation::flush:
            device_->flush();
            dirty_ = false;
            break;
        }
        return {};
    } catch (const block::ReadError& error) {
        // A write that has to read first, in an image with a parent, fails for the host's reasons.
        return {error.error_number() != 0 ? error.error_number() : EIO, operation != Operation::read,
                error.what()};
    } catch (const SystemError& error) {
        return {error.error_number() != 0 ? error.error_number() : EIO, true, error.what()};
    } catch (const Error& error) {
        return {EIO, true, error.what()};
    }
}

/// Tells who listens, unless that was done, and waits for another try. Returns whether somebody asked for it.
/// With lock_.
bool WorkerDisk::stall(std::unique_lock<std::mutex>& held, const DiskFault& fault, bool told) {
    stalled_ = true;
    idle_.notify_all();
    if (!told) {
        held.unlock();
        options_.failed(fault);
        held.lock();
    }
    wake_.wait_for(held, options_.try_again, [this] { return stopping_ || retry_ || cancelled_; });
    return std::exchange(retry_, false);
}

/// With lock_, which it gives back while it works.
int WorkerDisk::carry_out(std::unique_lock<std::mutex>& held, Operation operation, std::uint64_t offset,
                          MutableByteView buffer) {
    executing_ = true;
    retry_ = false;
    bool told = false;
    int result = 0;
    for (;;) {
        held.unlock();
        const Outcome outcome = execute(operation, offset, buffer);
        held.lock();
        result = outcome.error;
        if (outcome.error == 0)
            break;
        if (outcome.curable && !told)
            std::cerr << "ntferry-vmm: " << outcome.text << std::endl;
        if (!outcome.curable || !options_.failed || stopping_ || cancelled_)
            break;
        // Who asks for another try is told how it went.
        told = !stall(held, {options_.drive, device_->name(), operation, outcome.error, outcome.text}, told);
        if (cancelled_)
            break;
    }
    const bool cured = stalled_ && result == 0;
    stalled_ = false;
    if (cured && told && options_.cured) {
        held.unlock();
        options_.cured(options_.drive);
        held.lock();
    }
    executing_ = false;
    idle_.notify_all();
    return result;
}

/// Waits until the limits allow the request. With lock_.
void WorkerDisk::hold_back(std::unique_lock<std::mutex>& held, const Request& request) {
    if (request.operation == Operation::flush || !options_.budget)
        return;
    const Time at = options_.budget->take(request.buffer.size());
    if (at > std::chrono::steady_clock::now())
        wake_.wait_until(held, at, [this] { return stopping_ || cancelled_; });
}

void WorkerDisk::work() {
    ::pthread_setname_np(::pthread_self(), "disk");
    if (options_.thread_started)
        options_.thread_started();
    std::unique_lock<std::mutex> held(lock_);
    for (;;) {
        const auto something = [this] { return stopping_ || !queue_.empty(); };
        const auto due = dirty_since_ + options_.durable_within;
        if (dirty_ && (std::chrono::steady_clock::now() >= due || !wake_.wait_until(held, due, something))) {
            if (carry_out(held, Operation::flush, 0, {}) != 0 && (!options_.failed || stopping_))
                dirty_ = false; // nobody will try again, and it was said
            continue;
        }
        if (!dirty_)
            wake_.wait(held, something);
        if (queue_.empty())
            break; // stopping, and everything is done
        executing_ = true;
        Request request = std::move(queue_.front());
        queue_.pop_front();
        hold_back(held, request);
        const int error = carry_out(held, request.operation, request.offset, request.buffer);
        const bool last_wish = stopping_;
        held.unlock();
        if (!last_wish) {
            const std::unique_lock<std::mutex> machine(*machine_lock_);
            if (request.generation == generation_) {
                --under_way_;
                request.completion(error);
            }
        }
        held.lock();
    }
    if (dirty_)
        carry_out(held, Operation::flush, 0, {});
}

} // namespace ntferry::vmm
