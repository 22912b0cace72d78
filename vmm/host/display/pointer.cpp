// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/host/display/pointer.hpp"

#include <algorithm>

namespace ntferry::vmm {
namespace {

/// Motion from one coordinate to another; on the edge, as much more as pushes the pointer against it.
int along(int from, int to, int last) {
    if (to <= 0)
        return -(last + 1);
    if (to >= last)
        return last + 1;
    return to - from;
}

} // namespace

PointerTracker::Motion PointerTracker::corner(std::uint32_t width, std::uint32_t height) {
    if (known_)
        return {};
    known_ = true;
    x_ = y_ = 0;
    return {-static_cast<int>(width), -static_cast<int>(height)};
}

PointerTracker::Motion PointerTracker::move(int x, int y, std::uint32_t width, std::uint32_t height) {
    const int last_x = std::max(static_cast<int>(width) - 1, 0);
    const int last_y = std::max(static_cast<int>(height) - 1, 0);
    x = std::clamp(x, 0, last_x);
    y = std::clamp(y, 0, last_y);
    // A pointer that stays on the edge is not pushed again and again.
    const Motion motion{x == x_ ? 0 : along(x_, x, last_x), y == y_ ? 0 : along(y_, y, last_y)};
    x_ = x;
    y_ = y;
    return motion;
}

} // namespace ntferry::vmm
