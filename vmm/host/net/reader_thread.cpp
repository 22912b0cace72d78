// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/host/net/reader_thread.hpp"

#include "vmm/devices/net/ethernet.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <utility>

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace ntferry::vmm::net {

ReaderThread::ReaderThread(std::string name, int descriptor, ReadFrame read_frame, FrameQueue& queue,
                           const NetHost& host, Turn turn, Mend mend)
    : name_(std::move(name)), descriptor_(descriptor), read_frame_(std::move(read_frame)), queue_(queue),
      host_(host), turn_(std::move(turn)), mend_(std::move(mend)),
      wake_event_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (wake_event_ < 0)
        throw SystemError(name_, "cannot make an event", errno);
}

void ReaderThread::start() {
    if (!thread_.joinable())
        thread_ = std::thread([this] { run(); });
}

ReaderThread::~ReaderThread() {
    leaving_ = true;
    wake();
    if (thread_.joinable())
        thread_.join();
    close(wake_event_);
}

void ReaderThread::wake() {
    const std::uint64_t one = 1;
    // A full counter wakes as well.
    [[maybe_unused]] const ssize_t written = write(wake_event_, &one, sizeof one);
}

void ReaderThread::run() {
    pthread_setname_np(pthread_self(), "net");
    std::array<std::uint8_t, 65536> buffer{};
    for (;;) {
        read_on(buffer);
        if (!broken_)
            return;
        if (host_.fault)
            host_.fault(
                fmt::format("{}: the network is gone: {}", name_, std::generic_category().message(errno)));
        if (!wait_for_mend())
            return;
        broken_ = false;
        if (host_.cured)
            host_.cured(name_ + ": the network is there again");
    }
}

bool ReaderThread::wait_for_mend() {
    constexpr int every_ms = 1000;
    while (mend_ && !leaving_) {
        pollfd wait{wake_event_, POLLIN, 0};
        if (poll(&wait, 1, every_ms) > 0) {
            std::uint64_t count = 0;
            [[maybe_unused]] const ssize_t read_back = read(wake_event_, &count, sizeof count);
        }
        if (!leaving_ && mend_())
            return true;
    }
    return false;
}

/// Until the descriptor fails or the thread is to leave; errno says why.
void ReaderThread::read_on(MutableByteView buffer) {
    while (!leaving_) {
        bool full = false;
        bool again = false;
        {
            const std::lock_guard lock(host_.machine_lock);
            queue_.drain();
            full = queue_.full();
            again = turn_ && turn_();
        }
        std::array<pollfd, 2> wait{{{wake_event_, POLLIN, 0}, {descriptor_, POLLIN, 0}}};
        if (poll(wait.data(), full ? 1 : 2, again ? 1 : -1) < 0 && errno != EINTR)
            return;
        if (wait[0].revents != 0) {
            std::uint64_t count = 0;
            [[maybe_unused]] const ssize_t read_back = read(wake_event_, &count, sizeof count);
            continue;
        }
        // Several frames a turn, so that the lock is not taken for each.
        const std::lock_guard lock(host_.machine_lock);
        for (int i = 0; i < 64 && !queue_.full(); ++i) {
            const long length = read_frame_(buffer);
            if (length == 0 || (length < 0 && (errno == EAGAIN || errno == EINTR)))
                break;
            if (length < 0) {
                broken_ = true;
                return;
            }
            if (static_cast<std::size_t>(length) <= maximum_frame)
                queue_.push(ByteView(buffer).first(static_cast<std::size_t>(length)));
        }
    }
}

} // namespace ntferry::vmm::net
