// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/host/control/off_screen.hpp"

#include "vmm/host/display/frame_image.hpp"

#include <algorithm>
#include <array>

namespace ntferry::vmm {
namespace {

constexpr std::uint32_t POINTER = 32; ///< pixels: Windows' pointers are 32 x 32 at most

struct Box {
    std::uint32_t left = 0;
    std::uint32_t top = 0;
    std::uint32_t right = 0; ///< last column and row
    std::uint32_t bottom = 0;
    /// Grows so that it holds the pixel, unless it would outgrow a pointer.
    bool take(std::uint32_t x, std::uint32_t y) {
        const Box grown{std::min(left, x), std::min(top, y), std::max(right, x), std::max(bottom, y)};
        if (grown.right - grown.left >= POINTER || grown.bottom - grown.top >= POINTER)
            return false;
        *this = grown;
        return true;
    }
};

} // namespace

OffScreen::OffScreen(ByteView png) : picture_(frame_of_png(png)) {}

bool OffScreen::matches(const Frame& screen) const {
    if (screen.width != picture_.width || screen.height != picture_.height || screen.width == 0 ||
        screen.pixels.size() != picture_.pixels.size())
        return false;
    std::array<Box, 2> boxes; // where the pointer was and where it is
    std::size_t used = 0;
    for (std::uint32_t y = 0; y < screen.height; ++y) {
        const auto row = screen.pixels.begin() + static_cast<std::ptrdiff_t>(std::size_t{y} * screen.width);
        const auto old = picture_.pixels.begin() + (row - screen.pixels.begin());
        for (std::uint32_t x = 0; x < screen.width; ++x) {
            if (row[x] == old[x])
                continue;
            const bool held = std::any_of(boxes.begin(), boxes.begin() + static_cast<std::ptrdiff_t>(used),
                                          [x, y](Box& box) { return box.take(x, y); });
            if (held)
                continue;
            if (used == boxes.size())
                return false;
            boxes[used++] = {x, y, x, y};
        }
    }
    return true;
}

} // namespace ntferry::vmm
