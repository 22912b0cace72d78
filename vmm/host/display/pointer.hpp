// PointerTracker: absolute positions of a viewer as the relative motion of a PS/2 mouse.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

namespace ntferry::vmm {

/// Where the guest's pointer is cannot be asked, only concluded: it starts in a corner it is pushed to,
/// follows every motion, and is pushed against the edge again whenever the viewer's pointer is there. So a
/// pointer that went astray (acceleration, a guest that was busy) is back in step after a visit to the edges.
/// Exact as long as the guest does not accelerate ("Control Panel\Mouse", MouseSpeed 0).
class PointerTracker {
  public:
    struct Motion {
        int dx = 0;
        int dy = 0;
    };
    /// The position is unknown: a new screen size, a guest that was reset. The next move() begins in the
    /// corner.
    void forget() { known_ = false; }
    /// Motion that is to be made before the one of move(): up and left into the corner; nothing in step.
    Motion corner(std::uint32_t width, std::uint32_t height);
    /// To a position of a screen of that size.
    Motion move(int x, int y, std::uint32_t width, std::uint32_t height);

  private:
    bool known_ = false;
    int x_ = 0;
    int y_ = 0;
};

} // namespace ntferry::vmm
