// A machine's screen inside the wizard's: text as it is, pixels as half-blocks or shades.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/wizard/draw.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace ntferry::wizard {
namespace {

/// Mean colour of a box of pixels, 0x00RRGGBB.
std::uint32_t mean(const verify::Picture& picture, std::size_t x0, std::size_t x1, std::size_t y0,
                   std::size_t y1) {
    std::array<std::uint64_t, 3> sum{};
    std::uint64_t count = 0;
    x1 = std::min<std::size_t>(std::max(x1, x0 + 1), picture.width);
    y1 = std::min<std::size_t>(std::max(y1, y0 + 1), picture.height);
    for (std::size_t y = y0; y < y1; ++y)
        for (std::size_t x = x0; x < x1; ++x, ++count) {
            const std::uint32_t pixel = picture.pixels[y * picture.width + x];
            sum[0] += pixel >> 16U & 0xFFU;
            sum[1] += pixel >> 8U & 0xFFU;
            sum[2] += pixel & 0xFFU;
        }
    if (count == 0)
        return 0;
    return static_cast<std::uint32_t>(sum[0] / count << 16U | sum[1] / count << 8U | sum[2] / count);
}

/// ITU-R BT.601 luma, 0-255.
unsigned brightness(std::uint32_t color) {
    return ((color >> 16U & 0xFFU) * 299 + (color >> 8U & 0xFFU) * 587 + (color & 0xFFU) * 114) / 1000;
}

void draw_pixels(Canvas& canvas, const verify::Picture& picture, std::size_t row, std::size_t rows,
                 bool colors) {
    // A cell is about twice as high as wide: with half-blocks its two halves are square.
    const std::size_t room = canvas.size().columns - 4;
    const std::size_t columns =
        std::clamp<std::size_t>(rows * 2 * picture.width / std::max(1U, picture.height), 1, room);
    const std::size_t left = (canvas.size().columns - columns) / 2;
    constexpr std::string_view shades = " .:-=+*#%@";
    const auto x = [&](std::size_t column) { return column * picture.width / columns; };
    const auto y = [&](std::size_t half) { return half * picture.height / (rows * 2); };
    for (std::size_t r = 0; r < rows; ++r)
        for (std::size_t c = 0; c < columns; ++c) {
            Cell cell;
            if (colors) {
                cell = {U'\u2580', Style::plain, true, mean(picture, x(c), x(c + 1), y(2 * r), y(2 * r + 1)),
                        mean(picture, x(c), x(c + 1), y(2 * r + 1), y(2 * r + 2))};
            } else {
                const unsigned light = brightness(mean(picture, x(c), x(c + 1), y(2 * r), y(2 * r + 2)));
                cell.character = static_cast<char32_t>(shades[light * (shades.size() - 1) / 255]);
            }
            canvas.put(row + r, left + c, cell);
        }
}

void draw_lines(Canvas& canvas, const std::vector<std::string>& lines, std::size_t row, std::size_t rows) {
    // More lines than room: what a machine says last stands lowest.
    std::size_t first = 0;
    std::size_t count = lines.size();
    while (count > 0 && lines[count - 1].find_first_not_of(' ') == std::string::npos)
        --count;
    if (count > rows - 2)
        first = count - (rows - 2);
    const std::size_t width = canvas.size().columns - 2;
    const auto rule = [&](std::size_t at) {
        for (std::size_t c = 1; c <= width; ++c)
            canvas.put(at, c, {U'\u2500', Style::dim, false, 0, 0});
    };
    rule(row);
    for (std::size_t i = 0; first + i < count; ++i)
        canvas.write(row + 1 + i, 1, shortened(lines[first + i], width), Style::plain);
    rule(row + rows - 1);
}

} // namespace

void draw_screen(Canvas& canvas, const ScreenShot& screen, std::size_t row, std::size_t rows, bool colors) {
    if (rows < 3)
        return;
    if (!screen.lines.empty())
        draw_lines(canvas, screen.lines, row, rows);
    else if (screen.picture.width != 0)
        draw_pixels(canvas, screen.picture, row, rows, colors);
}

} // namespace ntferry::wizard
