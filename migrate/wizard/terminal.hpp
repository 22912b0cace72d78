// Terminal: puts a Canvas on a screen and reads keys, with ncurses (X/Open Curses; terminfo knows the
// terminals). SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "migrate/wizard/canvas.hpp"
#include "migrate/wizard/draw.hpp"
#include "migrate/wizard/key.hpp"

#include <chrono>
#include <map>
#include <memory>
#include <optional>

namespace ntferry::wizard {

/// Whether terminfo knows the terminal that TERM names, and whether it can move its cursor.
bool can_place_text();

/// The terminal belongs to it as long as it lives; its destructor leaves the terminal as it was. One at a
/// time.
class Terminal {
  public:
    /// @param colors false: none, whatever the terminal has
    /// @throws Error (usage) when standard input and output are no terminal, or one that cannot place text
    explicit Terminal(bool colors);
    ~Terminal();
    Terminal(const Terminal&) = delete;
    Terminal& operator=(const Terminal&) = delete;

    Size size() const;
    bool colors() const;
    void show(const Drawn& drawn);
    /// A key, or nothing within the time or when the window was resized.
    std::optional<Key> wait(std::chrono::milliseconds limit);
    /// Nobody is there any more: the connection broke, the window was closed.
    bool lost() const;
    /// Gives the terminal back already now.
    void restore();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace ntferry::wizard
