// ReceiveWait: a frame that waits for the guest to give a receive buffer back.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "vmm/bus/clock.hpp"

#include <algorithm>
#include <functional>

namespace ntferry::vmm::net {

/// A real card would miss the frame at once; a virtual one has a host that can keep it, and a processor that
/// may just not have its turn. A guest that gives buffers back need not tell the card: it is looked at again
/// after 100 us, then less and less often until 1 ms. After 50 ms the frame is missed.
class ReceiveWait {
  public:
    /// @param look_again has the network offer its frame once more
    ReceiveWait(Clock& clock, std::function<void()> look_again)
        : clock_(clock), timer_(clock, std::move(look_again)) {}

    /// There was no buffer for a frame: whether it is to be kept.
    bool keep_frame() {
        const Nanoseconds now = clock_.now();
        if (!waiting())
            since_ = now;
        const Nanoseconds waited = now - since_;
        if (waited < patience) {
            timer_.arm(now + std::clamp(waited, first_look, last_look));
            return true;
        }
        since_ = never;
        return false;
    }
    bool waiting() const { return since_ != never; }
    /// The frame went into a buffer, or nobody receives any more.
    void end() {
        since_ = never;
        timer_.cancel();
    }

  private:
    static constexpr Nanoseconds first_look = 100'000;
    static constexpr Nanoseconds last_look = 1'000'000;
    static constexpr Nanoseconds patience = 50'000'000;

    Clock& clock_;
    Nanoseconds since_ = never;
    Timer timer_;
};

} // namespace ntferry::vmm::net
