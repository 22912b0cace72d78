// ScreenText: the characters of a text-mode screen.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/base/bytes.hpp"

#include <string>
#include <vector>

namespace ntferry::verify {

struct ScreenText {
    unsigned columns = 80;
    std::vector<std::string> lines; ///< UTF-8, from the top, without trailing blanks and empty last lines

    bool blank() const { return lines.empty(); }
    bool operator==(const ScreenText&) const = default;
};

/// From VGA text memory: character and attribute, code page 437. Control characters become blanks.
///
/// Give all 8000 bytes of an 80x50 screen also where the mode may be 80x25: what lies behind a screen of 25
/// rows is its second page, which boot loaders and NT leave empty.
ScreenText decode_text_memory(ByteView memory, unsigned columns);

/// The screen as running text for matching: blanks and line ends as one blank, a line that fills its row
/// joined with the next one, as programs wrap at the edge of the screen.
std::string running_text(const ScreenText& screen);

/// The last line with something on it; empty on a blank screen.
std::string last_line(const ScreenText& screen);

} // namespace ntferry::verify
