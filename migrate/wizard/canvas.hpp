// Canvas: a screen as a grid of characters with a style each. Knows no terminal.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ntferry::wizard {

enum class Style : unsigned char {
    plain,
    bar,
    title,
    dim,
    selected,
    disabled,
    field,
    good,
    note,
    warning,
    bad
};

struct Cell {
    char32_t character = U' ';
    Style style = Style::plain;
    bool colored = false;         ///< the two colours count, not the style
    std::uint32_t foreground = 0; ///< 0x00RRGGBB
    std::uint32_t background = 0;
};

struct Size {
    std::size_t columns = 80;
    std::size_t rows = 24;
    bool operator==(const Size&) const = default;
};

class Canvas {
  public:
    explicit Canvas(Size size) : size_(size), cells_(size.columns * size.rows) {}
    Size size() const { return size_; }
    /// Outside the grid nothing happens.
    void put(std::size_t row, std::size_t column, const Cell& cell);
    const Cell& at(std::size_t row, std::size_t column) const { return cells_[row * size_.columns + column]; }
    /// Writes UTF-8 from a place to the right edge. @return characters that did not fit
    std::size_t write(std::size_t row, std::size_t column, std::string_view utf8, Style style);
    void fill(std::size_t row, Style style, char32_t character = U' ');
    /// A row as UTF-8 without trailing blanks: for tests.
    std::string row_text(std::size_t row) const;

  private:
    Size size_;
    std::vector<Cell> cells_;
};

/// UTF-8 to characters that take one column each; what takes none or two, or is no UTF-8, becomes '?'.
std::u32string characters(std::string_view utf8);
std::string utf8(std::u32string_view characters);

/// Breaks a paragraph into lines of at most `width` characters, at blanks where there are any, else inside a
/// word: nothing is lost. Lines after the first begin with `hang` blanks.
std::vector<std::u32string> wrap(std::string_view utf8_text, std::size_t width, std::size_t hang = 0);

/// At most `width` characters: "…" in the middle stands for what was left out.
std::string shortened(std::string_view utf8_text, std::size_t width);

} // namespace ntferry::wizard
