// SIGINT and SIGTERM as a stop token.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <atomic>
#include <stop_token>
#include <thread>

namespace ntferry::cli {

/// While it lives, SIGINT, SIGTERM and SIGHUP request a stop; a second SIGINT or SIGTERM ends the
/// process at once (130).
/// Blocks the signals in the calling thread, so construct it before other threads start.
class SignalStop {
  public:
    SignalStop();
    ~SignalStop();
    SignalStop(const SignalStop&) = delete;
    SignalStop& operator=(const SignalStop&) = delete;
    std::stop_token token() const { return source_.get_token(); }

  private:
    void wait();
    std::stop_source source_;
    std::atomic<bool> leaving_{false};
    std::jthread waiter_;
};

} // namespace ntferry::cli
