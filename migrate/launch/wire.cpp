// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/launch/wire.hpp"

#include "converter/base/error.hpp"
#include "migrate/cli/process.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>

#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace ntferry::launch {
namespace {

constexpr std::size_t longest_line = 8192;
constexpr std::size_t buffer_size = std::size_t{1} << 20U;

} // namespace

void Wire::write_line(const std::string& line) {
    const std::string whole = line + "\n";
    waiting_.insert(waiting_.end(), whole.begin(), whole.end());
    if (waiting_.size() >= buffer_size)
        flush();
}

void Wire::write_bytes(ByteView bytes) {
    waiting_.insert(waiting_.end(), bytes.begin(), bytes.end());
    if (waiting_.size() >= buffer_size)
        flush();
}

void Wire::flush() {
    for (std::size_t done = 0; done < waiting_.size();) {
        // A pipe's SIGPIPE ends a program that nobody listens to any more; a socket's would end this one.
        ssize_t count = ::send(out_, waiting_.data() + done, waiting_.size() - done, MSG_NOSIGNAL);
        if (count < 0 && errno == ENOTSOCK)
            count = ::write(out_, waiting_.data() + done, waiting_.size() - done);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            throw Error(name_, "the other side has ended",
                        "run the same command again, it goes on from there");
        done += static_cast<std::size_t>(count);
    }
    waiting_.clear();
}

void Wire::fill() {
    if (!waiting_.empty())
        flush(); // an answer is awaited
    received_.resize(buffer_size);
    taken_ = 0;
    for (;;) {
        const ssize_t count = ::read(in_, received_.data(), received_.size());
        if (count < 0 && errno == EINTR)
            continue;
        received_.resize(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
        if (count <= 0)
            throw Error(name_, "the other side has ended",
                        "run the same command again, it goes on from there");
        return;
    }
}

std::string Wire::read_line() {
    std::string line;
    for (;;) {
        if (taken_ == received_.size())
            fill();
        const auto byte = static_cast<char>(received_[taken_++]);
        if (byte == '\n')
            return line;
        if (line.size() == longest_line)
            throw Error(name_, "the other side speaks another language",
                        "install the same version on both sides");
        line += byte;
    }
}

void Wire::read_bytes(MutableByteView bytes) {
    for (std::size_t done = 0; done < bytes.size();) {
        if (taken_ == received_.size())
            fill();
        const std::size_t count = std::min(received_.size() - taken_, bytes.size() - done);
        std::copy_n(received_.begin() + static_cast<std::ptrdiff_t>(taken_), count,
                    bytes.begin() + static_cast<std::ptrdiff_t>(done));
        taken_ += count;
        done += count;
    }
}

struct WireProcess::Impl {
    int socket = -1;
    pid_t pid = -1;
    std::optional<Wire> wire;
};

WireProcess::WireProcess(const std::vector<std::string>& command, const std::string& name)
    : impl_(std::make_unique<Impl>()) {
    std::array<int, 2> ends{-1, -1};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
        throw SystemError(name, "make a socket pair", errno);
    impl_->socket = ends[0];
    try {
        impl_->pid = cli::start_process(command, {.output = {}, .error = {}, .conversation = ends[1]});
    } catch (...) {
        ::close(ends[0]);
        ::close(ends[1]);
        throw;
    }
    ::close(ends[1]);
    impl_->wire.emplace(ends[0], ends[0], name);
}

WireProcess::~WireProcess() {
    finish();
}

Wire& WireProcess::wire() {
    return *impl_->wire;
}

int WireProcess::finish() {
    if (impl_->pid < 0)
        return 0;
    ::close(impl_->socket);
    int status = 0;
    while (::waitpid(impl_->pid, &status, 0) < 0 && errno == EINTR) {
    }
    impl_->pid = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

} // namespace ntferry::launch
