// Drawing: a View laid out on a Canvas. Pure: the same view and size give the same picture.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "migrate/wizard/canvas.hpp"
#include "migrate/wizard/view.hpp"

namespace ntferry::wizard {

struct Drawn {
    explicit Drawn(Size size) : canvas(size) {}
    Canvas canvas;
    bool cursor = false; ///< a field is being edited: where
    std::size_t cursor_row = 0;
    std::size_t cursor_column = 0;
    std::size_t scroll = 0;       ///< the first line of the text that is shown, within limits
    std::size_t page = 1;         ///< lines that a page key moves by
    bool more = false;            ///< the text does not fit: page keys show the rest
    std::vector<std::string> cut; ///< what had no room although it should have: empty at 80x24 and above
};

struct DrawOptions {
    bool colors = true; ///< false: pictures are drawn with characters
};

/// @param scroll lines of the text to leave out at the top
Drawn draw(const View& view, Size size, std::size_t scroll, const DrawOptions& options = {});

/// A machine's screen in a box of the canvas: its text, or its pixels as half-blocks (without colours as
/// shades).
void draw_screen(Canvas& canvas, const ScreenShot& screen, std::size_t row, std::size_t rows, bool colors);

} // namespace ntferry::wizard
