// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/host/serial/descriptor_line.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

namespace ntferry::vmm {
namespace {

constexpr std::size_t MAX_WAITING = 64U << 10U;
constexpr std::size_t AT_ONCE = 4096;

} // namespace

DescriptorLine::DescriptorLine(Ends ends, std::shared_ptr<std::mutex> machine_lock)
    : ends_(ends), machine_lock_(std::move(machine_lock)),
      wake_fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (wake_fd_ < 0)
        throw SystemError("serial line", "eventfd", errno);
}

DescriptorLine::~DescriptorLine() {
    stopping_ = true;
    wake();
    if (thread_.joinable())
        thread_.join();
    flush_rest();
    if (ends_.close) {
        if (ends_.input >= 0)
            ::close(ends_.input);
        if (ends_.output >= 0 && ends_.output != ends_.input)
            ::close(ends_.output);
        if (ends_.listener >= 0)
            ::close(ends_.listener);
    }
    ::close(wake_fd_);
}

/// What the guest wrote last goes out, unless the far end does not take it within a second.
void DescriptorLine::flush_rest() {
    while (!out_.empty() && ends_.output >= 0) {
        pollfd fd{ends_.output, POLLOUT, 0};
        if (::poll(&fd, 1, 1000) <= 0)
            return;
        const Bytes rest(out_.begin(), out_.end());
        const ssize_t written = ::write(ends_.output, rest.data(), rest.size());
        if (written <= 0)
            return;
        out_.erase(out_.begin(), out_.begin() + written);
    }
}

void DescriptorLine::wake() {
    const std::uint64_t one = 1;
    static_cast<void>(!::write(wake_fd_, &one, sizeof(one)));
}

std::size_t DescriptorLine::write(ByteView data) {
    if (ends_.output < 0)
        return data.size();
    const std::size_t count = std::min(data.size(), MAX_WAITING - std::min(MAX_WAITING, out_.size()));
    out_.insert(out_.end(), data.begin(), data.begin() + static_cast<std::ptrdiff_t>(count));
    if (count != 0)
        wake();
    return count;
}

void DescriptorLine::attach(std::function<std::size_t(ByteView)> received, std::function<void()> ready) {
    received_ = std::move(received);
    ready_ = std::move(ready);
    if (thread_.joinable())
        wake();
    else
        thread_ = std::thread([this] { run(); });
}

void DescriptorLine::accept_client() {
    const int client = ::accept4(ends_.listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (client < 0)
        return;
    const std::unique_lock<std::mutex> held(*machine_lock_);
    if (ends_.input >= 0) {
        ::close(client); // one at a time
        return;
    }
    ends_.input = ends_.output = client;
}

void DescriptorLine::drop_client() {
    const std::unique_lock<std::mutex> held(*machine_lock_);
    if (ends_.listener >= 0) {
        ::close(ends_.input);
        ends_.input = ends_.output = -1;
        out_.clear();
    } else {
        if (ends_.close && ends_.input != ends_.output)
            ::close(ends_.input);
        ends_.input = -1;
    }
    if (ready_)
        ready_();
}

bool DescriptorLine::read_some() {
    std::array<std::uint8_t, AT_ONCE> data{};
    const ssize_t count = ::read(ends_.input, data.data(), data.size());
    if (count <= 0)
        return count < 0 && (errno == EAGAIN || errno == EINTR);
    const std::unique_lock<std::mutex> held(*machine_lock_);
    in_.insert(in_.end(), data.begin(), data.begin() + count);
    return true;
}

void DescriptorLine::write_some() {
    std::array<std::uint8_t, AT_ONCE> data{};
    std::size_t count = 0;
    int fd = -1;
    {
        const std::unique_lock<std::mutex> held(*machine_lock_);
        count = std::min(out_.size(), data.size());
        std::copy_n(out_.begin(), count, data.begin());
        fd = ends_.output;
    }
    if (count == 0 || fd < 0)
        return;
    const ssize_t written = ::write(fd, data.data(), count);
    const std::unique_lock<std::mutex> held(*machine_lock_);
    if (written < 0 && errno != EAGAIN && errno != EINTR)
        out_.clear(); // a far end that is gone
    else if (written > 0)
        out_.erase(out_.begin(), out_.begin() + std::min<std::ptrdiff_t>(written, std::ssize(out_)));
    if (ready_)
        ready_();
}

void DescriptorLine::run() {
    ::pthread_setname_np(::pthread_self(), "line");
    while (!stopping_) {
        std::array<pollfd, 4> fds{};
        std::size_t count = 0;
        const auto watch = [&](int fd, short events) {
            fds[count] = {fd, events, 0};
            return count++;
        };
        watch(wake_fd_, POLLIN);
        std::size_t input = fds.size();
        std::size_t output = fds.size();
        std::size_t listener = fds.size();
        {
            const std::unique_lock<std::mutex> held(*machine_lock_);
            if (!in_.empty() && received_) {
                const std::size_t taken = std::min(received_(in_), in_.size());
                in_.erase(in_.begin(), in_.begin() + static_cast<std::ptrdiff_t>(taken));
            }
            if (ends_.input >= 0 && in_.empty())
                input = watch(ends_.input, POLLIN);
            if (ends_.output >= 0 && !out_.empty())
                output = watch(ends_.output, POLLOUT);
            if (ends_.listener >= 0)
                listener = watch(ends_.listener, POLLIN);
        }
        if (::poll(fds.data(), count, -1) < 0)
            continue;
        if ((fds[0].revents & POLLIN) != 0) {
            std::uint64_t ignored = 0;
            static_cast<void>(!::read(wake_fd_, &ignored, sizeof(ignored)));
        }
        if (output < count && fds[output].revents != 0)
            write_some();
        if (input < count && fds[input].revents != 0 && !read_some())
            drop_client();
        if (listener < count && fds[listener].revents != 0)
            accept_client();
    }
}

} // namespace ntferry::vmm
