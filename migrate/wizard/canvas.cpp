// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/wizard/canvas.hpp"

#include <algorithm>

namespace ntferry::wizard {
namespace {

/// Whether a terminal gives the character one column, everywhere. Wide scripts, combining marks and control
/// characters are not needed here: names of files on the host are the only foreign text.
bool takes_one_column(char32_t c) {
    if (c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0xAD)
        return false;
    if (c < 0x300)
        return true;
    return (c >= 0x370 && c < 0x483) || (c >= 0x48A && c < 0x591) || (c >= 0x2010 && c < 0x2028) ||
           (c >= 0x2030 && c < 0x205F) || (c >= 0x20A0 && c < 0x20D0) || (c >= 0x2190 && c < 0x231A) ||
           (c >= 0x2500 && c < 0x25FD);
}

/// The next character of UTF-8; '?' for a byte that begins none.
char32_t next_character(std::string_view text, std::size_t& at) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned first = byte(at++);
    if (first < 0x80)
        return first;
    const std::size_t more = first >= 0xF0 && first < 0xF5 ? 3 : first >= 0xE0 ? 2 : first >= 0xC2 ? 1 : 0;
    if (more == 0 || first >= 0xF5 || at + more > text.size())
        return U'?';
    char32_t value = first & (0x3FU >> more);
    for (std::size_t i = 0; i < more; ++i) {
        if ((byte(at + i) & 0xC0U) != 0x80U)
            return U'?';
        value = value << 6U | (byte(at + i) & 0x3FU);
    }
    at += more;
    return value;
}

} // namespace

std::u32string characters(std::string_view utf8) {
    std::u32string out;
    for (std::size_t at = 0; at < utf8.size();) {
        const char32_t c = next_character(utf8, at);
        out += takes_one_column(c) ? c : U'?';
    }
    return out;
}

std::string utf8(std::u32string_view characters) {
    std::string out;
    for (const char32_t c : characters) {
        if (c < 0x80) {
            out += static_cast<char>(c);
        } else if (c < 0x800) {
            out += static_cast<char>(0xC0U | c >> 6U);
            out += static_cast<char>(0x80U | (c & 0x3FU));
        } else if (c < 0x10000) {
            out += static_cast<char>(0xE0U | c >> 12U);
            out += static_cast<char>(0x80U | (c >> 6U & 0x3FU));
            out += static_cast<char>(0x80U | (c & 0x3FU));
        } else {
            out += '?';
        }
    }
    return out;
}

void Canvas::put(std::size_t row, std::size_t column, const Cell& cell) {
    if (row < size_.rows && column < size_.columns)
        cells_[row * size_.columns + column] = cell;
}

std::size_t Canvas::write(std::size_t row, std::size_t column, std::string_view utf8_text, Style style) {
    const std::u32string text = characters(utf8_text);
    for (std::size_t i = 0; i < text.size(); ++i)
        put(row, column + i, {text[i], style, false, 0, 0});
    const std::size_t space = size_.columns > column ? size_.columns - column : 0;
    return text.size() > space ? text.size() - space : 0;
}

void Canvas::fill(std::size_t row, Style style, char32_t character) {
    for (std::size_t column = 0; column < size_.columns; ++column)
        put(row, column, {character, style, false, 0, 0});
}

std::string Canvas::row_text(std::size_t row) const {
    std::u32string text;
    for (std::size_t column = 0; column < size_.columns; ++column)
        text += at(row, column).character;
    text.erase(text.find_last_not_of(U' ') + 1);
    return utf8(text);
}

std::vector<std::u32string> wrap(std::string_view utf8_text, std::size_t width, std::size_t hang) {
    std::vector<std::u32string> lines;
    std::u32string rest = characters(utf8_text);
    width = std::max<std::size_t>(width, 8);
    hang = std::min(hang, width / 2);
    while (rest.size() > width) {
        // The last blank that the line ends at; leading blanks are indentation, not a place to break.
        const std::size_t begin = rest.find_first_not_of(U' ');
        std::size_t cut = rest.rfind(U' ', width);
        bool blank = cut != std::u32string::npos && begin != std::u32string::npos && cut > begin &&
                     cut > (lines.empty() ? 0 : hang);
        // A word longer than a whole line is broken where it is: a path begins beside its name.
        const std::size_t word = blank ? std::min(rest.find(U' ', cut + 1), rest.size()) - cut - 1 : 0;
        blank = blank && word <= width - hang;
        if (!blank)
            cut = width;
        lines.push_back(rest.substr(0, cut));
        rest.erase(0, blank ? cut + 1 : cut);
        rest.insert(0, hang, U' ');
    }
    lines.push_back(std::move(rest));
    return lines;
}

std::string shortened(std::string_view utf8_text, std::size_t width) {
    const std::u32string text = characters(utf8_text);
    if (text.size() <= width || width < 5)
        return utf8(text.substr(0, width));
    // The end of a path tells more than its middle.
    const std::size_t tail = (width - 1) * 2 / 3;
    return utf8(text.substr(0, width - 1 - tail)) + "…" + utf8(text.substr(text.size() - tail));
}

} // namespace ntferry::wizard
