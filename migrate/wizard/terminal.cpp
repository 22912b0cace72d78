// SPDX-License-Identifier: GPL-3.0-or-later
#define NCURSES_NOMACROS 1
#include "migrate/wizard/terminal.hpp"

#include "converter/base/error.hpp"

#include <algorithm>
#include <array>
#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>

#include <curses.h>
#include <langinfo.h>
#include <poll.h>
#include <unistd.h>

namespace ntferry::wizard {
namespace {

constexpr const char* usage = "run it in a terminal, or use 'ntferry convert', which asks nothing";

struct Paint {
    short foreground;
    short background;
    attr_t colored;    ///< beside the colours
    attr_t monochrome; ///< in their place
};

/// Colours of the eight that every colour terminal has; -1 is the terminal's own. In the order of Style.
const std::array<Paint, 11> paints = {{
    {-1, -1, A_NORMAL, A_NORMAL},                 // plain
    {COLOR_WHITE, COLOR_BLUE, A_BOLD, A_REVERSE}, // bar
    {-1, -1, A_BOLD, A_BOLD},                     // title
    {-1, -1, A_NORMAL, A_NORMAL},                 // dim: not A_DIM, which some consoles show as black
    {COLOR_BLACK, COLOR_CYAN, A_NORMAL, A_REVERSE},
    {COLOR_YELLOW, -1, A_NORMAL, A_NORMAL}, // disabled
    {COLOR_BLACK, COLOR_WHITE, A_NORMAL, A_UNDERLINE},
    {COLOR_GREEN, -1, A_NORMAL, A_NORMAL},
    {COLOR_CYAN, -1, A_NORMAL, A_NORMAL},
    {COLOR_YELLOW, -1, A_BOLD, A_BOLD},
    {COLOR_RED, -1, A_BOLD, A_BOLD},
}};

/// What stands for a character where the terminal's character set does not have it.
char ascii_for(char32_t c) {
    if (c < 0x80)
        return static_cast<char>(c);
    if (c == U'\u2026')
        return '~';
    if (c == U'\u2500' || c == U'\u2550')
        return '-';
    if (c == U'\u2502' || c == U'\u2551')
        return '|';
    if (c > 0x2500 && c < 0x2580)
        return '+';
    if (c >= 0x2580 && c < 0x25A0)
        return '#';
    return '?';
}

/// Nearest colour of xterm's 6x6x6 cube, or of the first eight.
short nearest(std::uint32_t rgb, int colors) {
    const unsigned red = rgb >> 16U & 0xFFU;
    const unsigned green = rgb >> 8U & 0xFFU;
    const unsigned blue = rgb & 0xFFU;
    if (colors < 256)
        return static_cast<short>((red > 127 ? 1 : 0) | (green > 127 ? 2 : 0) | (blue > 127 ? 4 : 0));
    const auto level = [](unsigned value) { return value < 48 ? 0U : value < 115 ? 1U : (value - 35) / 40; };
    return static_cast<short>(16 + 36 * level(red) + 6 * level(green) + level(blue));
}

/// Keys as the usual emulators send them, for when TERM names another terminal than there is, as on serial
/// lines: xterm, the Linux console, rxvt.
void define_common_keys() {
    static constexpr struct {
        const char* sequence;
        int code;
    } keys[] = {{"\x1b[A", KEY_UP},
                {"\x1bOA", KEY_UP},
                {"\x1b[B", KEY_DOWN},
                {"\x1bOB", KEY_DOWN},
                {"\x1b[C", KEY_RIGHT},
                {"\x1bOC", KEY_RIGHT},
                {"\x1b[D", KEY_LEFT},
                {"\x1bOD", KEY_LEFT},
                {"\x1b[5~", KEY_PPAGE},
                {"\x1b[6~", KEY_NPAGE},
                {"\x1b[3~", KEY_DC},
                {"\x1b[H", KEY_HOME},
                {"\x1b[1~", KEY_HOME},
                {"\x1b[F", KEY_END},
                {"\x1b[4~", KEY_END},
                {"\x1bOP", KEY_F(1)},
                {"\x1b[11~", KEY_F(1)},
                {"\x1b[[A", KEY_F(1)},
                {"\x1b[21~", KEY_F(10)},
                {"\x1b"
                 "0",
                 KEY_F(10)}};
    for (const auto& key : keys)
        if (::key_defined(key.sequence) <= 0)
            ::define_key(key.sequence, key.code);
}

} // namespace

struct Terminal::State {
    SCREEN* screen = nullptr;
    bool colors = false;
    bool utf8 = false;       ///< the character set is UTF-8
    bool utf8_lines = false; ///< lines are characters of it; a VT100 has its own, whatever the locale says
    bool ended = false;
    bool lost = false;
    std::map<std::pair<short, short>, short> pairs; ///< colours to the pair that has them
    /// A pair for two colours; 0 when there are no more.
    short pair(short foreground, short background) {
        const auto known = pairs.find({foreground, background});
        if (known != pairs.end())
            return known->second;
        const auto next = static_cast<short>(pairs.size() + 1);
        if (next >= std::min(COLOR_PAIRS, 32767) || ::init_pair(next, foreground, background) == ERR)
            return 0;
        pairs[{foreground, background}] = next;
        return next;
    }
};

Terminal::Terminal(bool colors) : state_(std::make_unique<State>()) {
    if (::isatty(STDIN_FILENO) != 1 || ::isatty(STDOUT_FILENO) != 1)
        throw Error({}, "this is not a terminal", usage, ErrorKind::usage);
    std::setlocale(LC_CTYPE, "");
    state_->utf8 = std::strcmp(::nl_langinfo(CODESET), "UTF-8") == 0;
    const char* term = std::getenv("TERM");
    state_->utf8_lines = state_->utf8 && term != nullptr && std::strncmp(term, "vt", 2) != 0;
    if (!can_place_text())
        throw Error({}, "this kind of terminal (TERM) is not known, or it cannot place text", usage,
                    ErrorKind::usage);
    // newterm() and not initscr(), which ends the process when something is wrong.
    state_->screen = ::newterm(nullptr, stdout, stdin);
    if (state_->screen == nullptr)
        throw Error({}, "this terminal cannot be used", usage, ErrorKind::usage);
    ::raw(); // Ctrl-C arrives as a key: the wizard asks, and nothing is cut off in its middle
    ::noecho();
    ::nonl();
    ::keypad(stdscr, TRUE);
    define_common_keys();
    ::set_escdelay(100); // ms; serial lines and ssh may deliver an escape sequence in pieces
    ::leaveok(stdscr, FALSE);
    if (colors && ::has_colors() == TRUE && ::start_color() == OK) {
        state_->colors = true;
        ::use_default_colors();
    }
}

Terminal::~Terminal() {
    restore();
    if (state_->screen != nullptr)
        ::delscreen(state_->screen);
}

void Terminal::restore() {
    if (state_->ended || state_->screen == nullptr)
        return;
    state_->ended = true;
    ::erase();
    ::refresh();
    ::endwin();
}

Size Terminal::size() const {
    return {static_cast<std::size_t>(std::max(1, ::getmaxx(stdscr))),
            static_cast<std::size_t>(std::max(1, ::getmaxy(stdscr)))};
}

bool Terminal::colors() const {
    return state_->colors;
}

void Terminal::show(const Drawn& drawn) {
    const Size size = drawn.canvas.size();
    ::erase();
    for (std::size_t row = 0; row < size.rows; ++row)
        for (std::size_t column = 0; column < size.columns; ++column) {
            // Writing the last corner would scroll some terminals.
            if (row + 1 == size.rows && column + 1 == size.columns)
                break;
            const Cell& cell = drawn.canvas.at(row, column);
            attr_t attributes = A_NORMAL;
            short pair = 0;
            const Paint& paint = paints[static_cast<std::size_t>(cell.style)];
            if (!state_->colors) {
                attributes = paint.monochrome;
            } else if (cell.colored) {
                pair = state_->pair(nearest(cell.foreground, COLORS), nearest(cell.background, COLORS));
            } else {
                attributes = paint.colored;
                if (paint.foreground != -1 || paint.background != -1)
                    pair = state_->pair(paint.foreground, paint.background);
            }
            const int y = static_cast<int>(row);
            const int x = static_cast<int>(column);
            if (cell.character == U'\u2500' && !state_->utf8_lines) { // the terminal's own line
                ::attr_set(attributes, pair, nullptr);
                ::mvaddch(y, x, ACS_HLINE);
                continue;
            }
            const wchar_t text[2] = {state_->utf8 ? static_cast<wchar_t>(cell.character)
                                                  : static_cast<wchar_t>(ascii_for(cell.character)),
                                     0};
            cchar_t character{};
            ::setcchar(&character, text, attributes, pair, nullptr);
            ::mvadd_wch(y, x, &character);
        }
    ::curs_set(drawn.cursor ? 1 : 0);
    if (drawn.cursor)
        ::move(static_cast<int>(drawn.cursor_row), static_cast<int>(drawn.cursor_column));
    else
        ::move(static_cast<int>(size.rows) - 1, 0);
    ::refresh();
}

bool Terminal::lost() const {
    return state_->lost;
}

std::optional<Key> Terminal::wait(std::chrono::milliseconds limit) {
    pollfd input{STDIN_FILENO, POLLIN, 0};
    if (::poll(&input, 1, 0) > 0 && (input.revents & (POLLHUP | POLLERR | POLLNVAL)) != 0) {
        state_->lost = true;
        std::this_thread::sleep_for(limit); // reading would come back at once, for ever
        return std::nullopt;
    }
    ::timeout(static_cast<int>(limit.count()));
    wint_t code = 0;
    const int kind = ::get_wch(&code);
    if (kind == ERR)
        return std::nullopt;
    if (kind == KEY_CODE_YES) {
        switch (code) {
        case KEY_UP:
            return Key{KeyCode::up};
        case KEY_DOWN:
            return Key{KeyCode::down};
        case KEY_LEFT:
            return Key{KeyCode::left};
        case KEY_RIGHT:
            return Key{KeyCode::right};
        case KEY_PPAGE:
            return Key{KeyCode::page_up};
        case KEY_NPAGE:
            return Key{KeyCode::page_down};
        case KEY_HOME:
            return Key{KeyCode::home};
        case KEY_END:
            return Key{KeyCode::end};
        case KEY_BACKSPACE:
            return Key{KeyCode::backspace};
        case KEY_DC:
            return Key{KeyCode::remove};
        case KEY_ENTER:
            return Key{KeyCode::enter};
        case KEY_F(1):
            return Key{KeyCode::help};
        case KEY_F(10):
            return Key{KeyCode::leave};
        default:
            return std::nullopt; // KEY_RESIZE as well: the next drawing has the new size
        }
    }
    constexpr wint_t ctrl_b = 2;
    constexpr wint_t ctrl_c = 3;
    constexpr wint_t ctrl_f = 6;
    constexpr wint_t ctrl_h = 8;
    constexpr wint_t ctrl_l = 12;
    constexpr wint_t escape = 27;
    constexpr wint_t delete_key = 127;
    switch (code) {
    case '\r':
    case '\n':
        return Key{KeyCode::enter};
    case escape:
        return Key{KeyCode::escape};
    case ctrl_c:
        return Key{KeyCode::leave};
    case ctrl_b: // as in less and vi, for terminals without these keys
        return Key{KeyCode::page_up};
    case ctrl_f:
        return Key{KeyCode::page_down};
    case ctrl_h:
    case delete_key:
        return Key{KeyCode::backspace};
    case ctrl_l:
        ::clearok(stdscr, TRUE);
        return std::nullopt;
    default:
        if (code < 32)
            return std::nullopt;
        return Key{KeyCode::character, static_cast<char32_t>(code)};
    }
}

} // namespace ntferry::wizard
