// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/host/disk/worker_disk.hpp"

#include <cerrno>
#include <csignal>
#include <iostream>
#include <pthread.h>

namespace ntferry::vmm {

WorkerDisk::WorkerDisk(block::SharedBlockDevice device, std::shared_ptr<std::mutex> machine_lock,
                       Options options)
    : device_(std::move(device)), machine_lock_(std::move(machine_lock)), options_(std::move(options)) {}

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

void WorkerDisk::cancel_all() {
    // The machine lock is held: the worker may be waiting for it with a finished operation, whose completion
    // is then not called.
    ++generation_;
    std::unique_lock<std::mutex> held(lock_);
    queue_.clear();
    idle_.wait(held, [this] { return !executing_; });
    under_way_ = 0;
}

int WorkerDisk::flush() {
    dirty_ = false;
    try {
        device_->flush();
        return 0;
    } catch (const Error& error) {
        std::cerr << "ntferry-vmm: " << error.what() << std::endl;
        return EIO;
    }
}

int WorkerDisk::execute(const Request& request) {
    try {
        switch (request.operation) {
        case Operation::read:
            device_->read(request.offset, request.buffer);
            return 0;
        case Operation::write:
            device_->write(request.offset, request.buffer);
            if (!dirty_) {
                dirty_ = true;
                dirty_since_ = std::chrono::steady_clock::now();
            }
            return 0;
        default:
            return flush();
        }
    } catch (const block::ReadError& error) {
        return error.error_number() != 0 ? error.error_number() : EIO;
    } catch (const SystemError& error) {
        std::cerr << "ntferry-vmm: " << error.what() << std::endl;
        return error.error_number();
    } catch (const Error& error) {
        std::cerr << "ntferry-vmm: " << error.what() << std::endl;
        return EIO;
    }
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
            held.unlock();
            flush();
            held.lock();
            continue;
        }
        if (!dirty_)
            wake_.wait(held, something);
        if (queue_.empty())
            break; // stopping, and everything is done
        Request request = std::move(queue_.front());
        queue_.pop_front();
        executing_ = true;
        held.unlock();
        const int error = execute(request);
        held.lock();
        executing_ = false;
        const bool last_wish = stopping_;
        held.unlock();
        idle_.notify_all();
        if (!last_wish) {
            const std::unique_lock<std::mutex> machine(*machine_lock_);
            if (request.generation == generation_) {
                --under_way_;
                request.completion(error);
            }
        }
        held.lock();
    }
    held.unlock();
    if (dirty_)
        flush();
}

} // namespace ntferry::vmm
