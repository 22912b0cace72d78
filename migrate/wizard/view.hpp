// View: what one screen of the wizard says, apart from how it is drawn.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "migrate/report/document.hpp"
#include "migrate/verify/watcher.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace ntferry::wizard {

using report::Tone;

/// A paragraph. Leading blanks stay; lines after the first begin at column `hang`.
struct Text {
    std::string text;
    Tone tone = Tone::plain;
    std::size_t hang = 0;
};

/// One line to choose.
struct Item {
    std::string label;  ///< fits one line of 80 columns
    std::string detail; ///< shown while it is selected: what choosing it means
    bool enabled = true;
};

struct Field {
    std::string label;
    std::u32string value;
    std::size_t cursor = 0; ///< index into value
};

/// A bar. @note total 0: nothing to measure
struct Meter {
    std::uint64_t done = 0;
    std::uint64_t total = 0;
    std::string text; ///< beside or below the bar
};

/// A screen of the machine: its characters, or its pixels.
struct ScreenShot {
    std::vector<std::string> lines; ///< text mode, UTF-8
    verify::Picture picture;        ///< graphics mode
    bool empty() const { return lines.empty() && picture.pixels.empty(); }
};

struct View {
    std::string title;
    unsigned step = 0;  ///< 1-based place in the journey; 0: outside it
    unsigned steps = 0; ///< length of the journey
    std::vector<Text> text;
    std::vector<Item> items;
    std::size_t selected = 0;
    std::optional<Field> field;
    std::optional<Meter> meter;
    const ScreenShot* screen = nullptr; ///< drawn in place of a part of the text
    std::string warning;                ///< why the last key did nothing, or what to look at
    std::string next;                   ///< what will happen next
    bool can_go_back = true;
    bool busy = false; ///< nothing to choose now
};

} // namespace ntferry::wizard
