// FakeDisk: a disk in memory that answers after a while of virtual time and fails where it is told to.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "vmm/bus/backends.hpp"
#include "vmm/bus/clock.hpp"

#include <algorithm>
#include <cerrno>
#include <deque>
#include <utility>

namespace ntferry::vmm::test {

class FakeDisk final : public DiskBackend {
  public:
    FakeDisk(Clock& clock, std::uint64_t bytes, Nanoseconds latency = 100'000)
        : data(bytes), latency_(latency), clock_(clock), timer_(clock, [this] { finish_one(); }) {}

    std::uint64_t size() const override { return data.size(); }
    bool read_only() const override { return write_protected; }
    void submit(Operation operation, std::uint64_t offset, MutableByteView buffer,
                Completion completion) override {
        ++submissions;
        if (operation == Operation::flush)
            ++flushes;
        queue_.push_back({operation, offset, buffer, std::move(completion)});
        if (!timer_.armed())
            timer_.arm(clock_.now() + latency_);
    }
    bool read_now(std::uint64_t offset, MutableByteView buffer) override {
        if (!in_memory || !queue_.empty() || transfer({Operation::read, offset, buffer, {}}) != 0)
            return false;
        ++reads_at_once;
        return true;
    }
    void cancel_all() override {
        queue_.clear();
        timer_.cancel();
    }

    Bytes data;
    bool write_protected = false;
    /// Byte offset that cannot be read or written; none when beyond the end.
    std::uint64_t bad_offset = ~std::uint64_t{0};
    int flush_error = 0;
    /// Reads need not wait.
    bool in_memory = false;
    unsigned reads_at_once = 0;
    unsigned submissions = 0;
    unsigned flushes = 0;

  private:
    struct Request {
        Operation operation;
        std::uint64_t offset;
        MutableByteView buffer;
        Completion completion;
    };

    int transfer(const Request& request) {
        if (request.operation == Operation::flush)
            return flush_error;
        if (request.offset > data.size() || request.buffer.size() > data.size() - request.offset)
            return EINVAL;
        if (bad_offset >= request.offset && bad_offset - request.offset < request.buffer.size())
            return EIO;
        const auto at = data.begin() + static_cast<std::ptrdiff_t>(request.offset);
        if (request.operation == Operation::read)
            std::copy_n(at, request.buffer.size(), request.buffer.begin());
        else
            std::copy(request.buffer.begin(), request.buffer.end(), at);
        return 0;
    }
    void finish_one() {
        Request request = std::move(queue_.front());
        queue_.pop_front();
        if (!queue_.empty())
            timer_.arm(clock_.now() + latency_);
        request.completion(transfer(request));
    }

    Nanoseconds latency_;
    Clock& clock_;
    Timer timer_;
    std::deque<Request> queue_;
};

} // namespace ntferry::vmm::test
