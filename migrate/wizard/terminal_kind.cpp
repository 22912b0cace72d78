// Asking terminfo about the terminal, apart from curses: <term.h> has macros called "lines" and "columns".
// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/wizard/terminal.hpp"

#include <curses.h>
// after <curses.h>
#include <term.h>
#include <unistd.h>

namespace ntferry::wizard {

bool can_place_text() {
    int found = 0;
    if (::setupterm(nullptr, STDOUT_FILENO, &found) != OK)
        return false;
    char name[] = "cup";
    const char* capability = ::tigetstr(name);
    const bool can = capability != nullptr && capability != reinterpret_cast<char*>(-1);
    ::del_curterm(cur_term);
    return can;
}

} // namespace ntferry::wizard
