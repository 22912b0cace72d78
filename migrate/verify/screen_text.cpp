// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/verify/screen_text.hpp"

#include "converter/base/text.hpp"

#include <algorithm>

namespace ntferry::verify {
namespace {

/// Characters, not bytes, of UTF-8 text.
std::size_t character_count(std::string_view utf8) {
    return static_cast<std::size_t>(std::count_if(
        utf8.begin(), utf8.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

} // namespace

ScreenText decode_text_memory(ByteView memory, unsigned columns) {
    ScreenText screen;
    screen.columns = std::max(columns, 1U);
    const std::size_t row_bytes = std::size_t{screen.columns} * 2;
    for (std::size_t row = 0; row + row_bytes <= memory.size(); row += row_bytes) {
        Bytes characters(screen.columns);
        for (unsigned column = 0; column < screen.columns; ++column) {
            const std::uint8_t c = memory[row + std::size_t{column} * 2];
            characters[column] = c < 0x20 || c == 0x7F || c == 0xFF ? std::uint8_t{' '} : c;
        }
        std::string line = text::from_cp437(characters);
        line.erase(line.find_last_not_of(' ') + 1);
        screen.lines.push_back(std::move(line));
    }
    while (!screen.lines.empty() && screen.lines.back().empty())
        screen.lines.pop_back();
    return screen;
}

std::string running_text(const ScreenText& screen) {
    std::string joined;
    for (const std::string& line : screen.lines) {
        joined += line;
        if (character_count(line) < screen.columns)
            joined += ' ';
    }
    std::string result;
    for (const char c : joined)
        if (c != ' ' || (!result.empty() && result.back() != ' '))
            result += c;
    result.erase(result.find_last_not_of(' ') + 1);
    return result;
}

std::string last_line(const ScreenText& screen) {
    for (auto line = screen.lines.rbegin(); line != screen.lines.rend(); ++line)
        if (const std::string_view text = text::trim(*line); !text.empty())
            return std::string(text);
    return {};
}

} // namespace ntferry::verify
