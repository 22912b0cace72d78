// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/cli/signals.hpp"

#include <csignal>
#include <ctime>

#include <pthread.h>
#include <unistd.h>

namespace ntferry::cli {
namespace {

sigset_t stop_signals() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    return set;
}

} // namespace

SignalStop::SignalStop() {
    const sigset_t set = stop_signals();
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    waiter_ = std::jthread([this] { wait(); });
}

SignalStop::~SignalStop() {
    leaving_ = true;
    waiter_.join();
    const sigset_t set = stop_signals();
    pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

void SignalStop::wait() {
    const sigset_t set = stop_signals();
    while (!leaving_) {
        const timespec tick{0, 20'000'000};
        const int signal = sigtimedwait(&set, nullptr, &tick);
        if (signal < 0)
            continue;
        // A connection that breaks says so twice, by the kernel and by the shell: that is nobody's
        // impatience.
        if (source_.stop_requested() && signal == SIGHUP)
            continue;
        if (source_.stop_requested())
            _exit(130); // asked twice: what is under way is crash-safe by design
        source_.request_stop();
    }
}

} // namespace ntferry::cli
