// What a person can press, whatever the terminal sends for it.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace ntferry::wizard {

enum class KeyCode : unsigned char {
    character, ///< Key::character
    enter,
    escape,
    up,
    down,
    left,
    right,
    page_up,
    page_down,
    home,
    end,
    backspace,
    remove, ///< Del
    help,   ///< F1
    leave,  ///< F10, Ctrl-C
};

struct Key {
    KeyCode code = KeyCode::enter;
    char32_t character = 0;
};

} // namespace ntferry::wizard
