// TextScreen::utf8(): code page 437 as the character generator of a VGA draws it.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/bus/backends.hpp"

#include <array>

namespace ntferry::vmm {
namespace {

/// 00h-1Fh and 7Fh are pictures on the screen, not controls. Source: Unicode's CP437.TXT and IBMGRAPH.TXT.
constexpr std::array<char16_t, 32> low = {u' ', u'☺', u'☻', u'♥', u'♦', u'♣', u'♠', u'•', u'◘', u'○', u'◙',
                                          u'♂', u'♀', u'♪', u'♫', u'☼', u'►', u'◄', u'↕', u'‼', u'¶', u'§',
                                          u'▬', u'↨', u'↑', u'↓', u'→', u'←', u'∟', u'↔', u'▲', u'▼'};
constexpr std::array<char16_t, 128> high = {
    u'Ç', u'ü', u'é', u'â', u'ä', u'à', u'å', u'ç', u'ê', u'ë', u'è', u'ï', u'î', u'ì', u'Ä', u'Å',
    u'É', u'æ', u'Æ', u'ô', u'ö', u'ò', u'û', u'ù', u'ÿ', u'Ö', u'Ü', u'¢', u'£', u'¥', u'₧', u'ƒ',
    u'á', u'í', u'ó', u'ú', u'ñ', u'Ñ', u'ª', u'º', u'¿', u'⌐', u'¬', u'½', u'¼', u'¡', u'«', u'»',
    u'░', u'▒', u'▓', u'│', u'┤', u'╡', u'╢', u'╖', u'╕', u'╣', u'║', u'╗', u'╝', u'╜', u'╛', u'┐',
    u'└', u'┴', u'┬', u'├', u'─', u'┼', u'╞', u'╟', u'╚', u'╔', u'╩', u'╦', u'╠', u'═', u'╬', u'╧',
    u'╨', u'╤', u'╥', u'╙', u'╘', u'╒', u'╓', u'╫', u'╪', u'┘', u'┌', u'█', u'▄', u'▌', u'▐', u'▀',
    u'α', u'ß', u'Γ', u'π', u'Σ', u'σ', u'µ', u'τ', u'Φ', u'Θ', u'Ω', u'δ', u'∞', u'φ', u'ε', u'∩',
    u'≡', u'±', u'≥', u'≤', u'⌠', u'⌡', u'÷', u'≈', u'°', u'∙', u'·', u'√', u'ⁿ', u'²', u'■', u'\u00A0'};

char16_t to_unicode(std::uint8_t code) {
    if (code < 0x20)
        return low[code];
    if (code == 0x7F)
        return u'⌂';
    return code < 0x80 ? static_cast<char16_t>(code) : high[code - 0x80U];
}

void append(std::string& out, char16_t c) {
    if (c < 0x80) {
        out += static_cast<char>(c);
    } else if (c < 0x800) {
        out += static_cast<char>(0xC0 | c >> 6);
        out += static_cast<char>(0x80 | (c & 0x3F));
    } else {
        out += static_cast<char>(0xE0 | c >> 12);
        out += static_cast<char>(0x80 | (c >> 6 & 0x3F));
        out += static_cast<char>(0x80 | (c & 0x3F));
    }
}

bool blank(std::uint16_t cell) {
    const unsigned code = cell & 0xFFU;
    return code == 0x00 || code == 0x20 || code == 0xFF;
}

} // namespace

std::string TextScreen::utf8() const {
    std::string out;
    for (unsigned row = 0; row < rows; ++row) {
        const std::size_t start = std::size_t{row} * columns;
        if (start + columns > cells.size())
            break;
        unsigned length = columns;
        while (length != 0 && blank(cells[start + length - 1]))
            --length;
        for (unsigned column = 0; column < length; ++column)
            append(out, to_unicode(static_cast<std::uint8_t>(cells[start + column])));
        out += '\n';
    }
    return out;
}

} // namespace ntferry::vmm
