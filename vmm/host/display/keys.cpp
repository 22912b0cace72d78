// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/host/display/keys.hpp"

#include "converter/base/error.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>

namespace ntferry::vmm {
namespace {

struct NamedKey {
    std::string_view name;
    XtCode code;
};

// QEMU qapi/ui.json, QKeyCode; codes of an AT keyboard in set 1.
constexpr NamedKey NAMED_KEYS[] = {
    {"esc", 0x01},
    {"1", 0x02},
    {"2", 0x03},
    {"3", 0x04},
    {"4", 0x05},
    {"5", 0x06},
    {"6", 0x07},
    {"7", 0x08},
    {"8", 0x09},
    {"9", 0x0A},
    {"0", 0x0B},
    {"minus", 0x0C},
    {"equal", 0x0D},
    {"backspace", 0x0E},
    {"tab", 0x0F},
    {"q", 0x10},
    {"w", 0x11},
    {"e", 0x12},
    {"r", 0x13},
    {"t", 0x14},
    {"y", 0x15},
    {"u", 0x16},
    {"i", 0x17},
    {"o", 0x18},
    {"p", 0x19},
    {"bracket_left", 0x1A},
    {"bracket_right", 0x1B},
    {"ret", 0x1C},
    {"ctrl", 0x1D},
    {"a", 0x1E},
    {"s", 0x1F},
    {"d", 0x20},
    {"f", 0x21},
    {"g", 0x22},
    {"h", 0x23},
    {"j", 0x24},
    {"k", 0x25},
    {"l", 0x26},
    {"semicolon", 0x27},
    {"apostrophe", 0x28},
    {"grave_accent", 0x29},
    {"shift", 0x2A},
    {"backslash", 0x2B},
    {"z", 0x2C},
    {"x", 0x2D},
    {"c", 0x2E},
    {"v", 0x2F},
    {"b", 0x30},
    {"n", 0x31},
    {"m", 0x32},
    {"comma", 0x33},
    {"dot", 0x34},
    {"slash", 0x35},
    {"shift_r", 0x36},
    {"kp_multiply", 0x37},
    {"asterisk", 0x37},
    {"alt", 0x38},
    {"spc", 0x39},
    {"caps_lock", 0x3A},
    {"f1", 0x3B},
    {"f2", 0x3C},
    {"f3", 0x3D},
    {"f4", 0x3E},
    {"f5", 0x3F},
    {"f6", 0x40},
    {"f7", 0x41},
    {"f8", 0x42},
    {"f9", 0x43},
    {"f10", 0x44},
    {"num_lock", 0x45},
    {"scroll_lock", 0x46},
    {"kp_7", 0x47},
    {"kp_8", 0x48},
    {"kp_9", 0x49},
    {"kp_subtract", 0x4A},
    {"kp_4", 0x4B},
    {"kp_5", 0x4C},
    {"kp_6", 0x4D},
    {"kp_add", 0x4E},
    {"kp_1", 0x4F},
    {"kp_2", 0x50},
    {"kp_3", 0x51},
    {"kp_0", 0x52},
    {"kp_decimal", 0x53},
    {"less", 0x56},
    {"f11", 0x57},
    {"f12", 0x58},
    {"ro", 0x73},
    {"hiragana", 0x70},
    {"henkan", 0x79},
    {"muhenkan", 0x7B},
    {"yen", 0x7D},
    {"kp_comma", 0x7E},
    {"kp_enter", 0xE01C},
    {"ctrl_r", 0xE01D},
    {"kp_divide", 0xE035},
    {"print", 0xE037},
    {"sysrq", 0xE037},
    {"alt_r", 0xE038},
    {"home", 0xE047},
    {"up", 0xE048},
    {"pgup", 0xE049},
    {"left", 0xE04B},
    {"right", 0xE04D},
    {"end", 0xE04F},
    {"down", 0xE050},
    {"pgdn", 0xE051},
    {"insert", 0xE052},
    {"delete", 0xE053},
    {"meta_l", 0xE05B},
    {"meta_r", 0xE05C},
    {"menu", 0xE05D},
    {"compose", 0xE05D},
    {"pause", 0xE11D45},
};

struct KeysymKey {
    std::uint32_t keysym;
    XtCode code;
};

// X11/keysymdef.h.
constexpr KeysymKey KEYSYM_KEYS[] = {
    {0xFF08, 0x0E},   {0xFF09, 0x0F},   {0xFE20, 0x0F},   {0xFF0D, 0x1C},   {0xFF13, 0xE11D45},
    {0xFF14, 0x46},   {0xFF15, 0xE037}, {0xFF1B, 0x01},   {0xFF50, 0xE047}, {0xFF51, 0xE04B},
    {0xFF52, 0xE048}, {0xFF53, 0xE04D}, {0xFF54, 0xE050}, {0xFF55, 0xE049}, {0xFF56, 0xE051},
    {0xFF57, 0xE04F}, {0xFF61, 0xE037}, {0xFF63, 0xE052}, {0xFF67, 0xE05D}, {0xFF6B, 0xE11D45},
    {0xFF7E, 0xE038}, {0xFE03, 0xE038}, {0xFF7F, 0x45},   {0xFF8D, 0xE01C}, {0xFF95, 0x47},
    {0xFF96, 0x4B},   {0xFF97, 0x48},   {0xFF98, 0x4D},   {0xFF99, 0x50},   {0xFF9A, 0x49},
    {0xFF9B, 0x51},   {0xFF9C, 0x4F},   {0xFF9D, 0x4C},   {0xFF9E, 0x52},   {0xFF9F, 0x53},
    {0xFFAA, 0x37},   {0xFFAB, 0x4E},   {0xFFAC, 0x53},   {0xFFAD, 0x4A},   {0xFFAE, 0x53},
    {0xFFAF, 0xE035}, {0xFFB0, 0x52},   {0xFFB1, 0x4F},   {0xFFB2, 0x50},   {0xFFB3, 0x51},
    {0xFFB4, 0x4B},   {0xFFB5, 0x4C},   {0xFFB6, 0x4D},   {0xFFB7, 0x47},   {0xFFB8, 0x48},
    {0xFFB9, 0x49},   {0xFFC8, 0x57},   {0xFFC9, 0x58},   {0xFFE1, 0x2A},   {0xFFE2, 0x36},
    {0xFFE3, 0x1D},   {0xFFE4, 0xE01D}, {0xFFE5, 0x3A},   {0xFFE7, 0xE05B}, {0xFFE8, 0xE05C},
    {0xFFE9, 0x38},   {0xFFEA, 0xE038}, {0xFFEB, 0xE05B}, {0xFFEC, 0xE05C}, {0xFFFF, 0xE053},
};
constexpr std::uint32_t KEYSYM_F1 = 0xFFBE;
constexpr std::uint32_t KEYSYM_F10 = 0xFFC7;
constexpr std::uint32_t KEYSYM_EURO = 0x20AC;
constexpr std::uint32_t KEYSYM_UNICODE = 0x01000000;

/// The 48 keys that carry characters, row by row, in the order of the strings below.
constexpr std::array<std::uint8_t, 48> CHARACTER_KEYS = {
    0x29, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0A, 0x0B, 0x0C, 0x0D, // ` to =
    0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x19, 0x1A, 0x1B,       // q to ]
    0x1E, 0x1F, 0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27, 0x28, 0x2B,       // a to the key beside Enter
    0x56, 0x2C, 0x2D, 0x2E, 0x2F, 0x30, 0x31, 0x32, 0x33, 0x34, 0x35,             // the key beside Shift to /
};

/// The next character of UTF-8 text; advances at. @throws Error
char32_t next_character(std::string_view text, std::size_t& at) {
    const auto lead = static_cast<unsigned char>(text[at++]);
    if (lead < 0x80)
        return lead;
    const unsigned more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : lead >= 0xC0 ? 1 : 0;
    if (more == 0 || text.size() - at < more || lead > 0xF4)
        throw Error("text", "not UTF-8", {}, ErrorKind::usage);
    char32_t value = lead & (0x3FU >> more);
    for (unsigned n = 0; n < more; ++n) {
        const auto next = static_cast<unsigned char>(text[at++]);
        if ((next & 0xC0U) != 0x80)
            throw Error("text", "not UTF-8", {}, ErrorKind::usage);
        value = value << 6U | (next & 0x3FU);
    }
    return value;
}

} // namespace

/// What the keys of CHARACTER_KEYS make; a blank stands for nothing.
struct LayoutRows {
    std::string_view name;
    std::u32string_view plain;
    std::u32string_view shifted;
    std::u32string_view alt_gr;
};

namespace {

constexpr std::u32string_view NOTHING = U"                                                ";
// The key beside Shift (56h) is missing on a US keyboard but works in NT's US layout.
constexpr LayoutRows LAYOUTS[] = {
    {"us",
     U"`1234567890-="
     U"qwertyuiop[]"
     U"asdfghjkl;'\\"
     U" zxcvbnm,./",
     U"~!@#$%^&*()_+"
     U"QWERTYUIOP{}"
     U"ASDFGHJKL:\"|"
     U" ZXCVBNM<>?",
     NOTHING},
    {"gb",
     U"`1234567890-="
     U"qwertyuiop[]"
     U"asdfghjkl;'#"
     U"\\zxcvbnm,./",
     U"\u00AC!\"\u00A3$%^&*()_+"
     U"QWERTYUIOP{}"
     U"ASDFGHJKL:@~"
     U"|ZXCVBNM<>?",
     U"\u00A6   \u20AC        "
     U"            "
     U"            "
     U"           "},
    {"de",
     U"^1234567890\u00DF\u00B4"
     U"qwertzuiop\u00FC+"
     U"asdfghjkl\u00F6\u00E4#"
     U"<yxcvbnm,.-",
     U"\u00B0!\"\u00A7$%&/()=?`"
     U"QWERTZUIOP\u00DC*"
     U"ASDFGHJKL\u00D6\u00C4'"
     U">YXCVBNM;:_",
     U"  \u00B2\u00B3   {[]}\\ "
     U"@ \u20AC        ~"
     U"            "
     U"|      \u00B5   "},
    {"fr",
     U"\u00B2&\u00E9\"'(-\u00E8_\u00E7\u00E0)="
     U"azertyuiop^$"
     U"qsdfghjklm\u00F9*"
     U"<wxcvbn,;:!",
     U" 1234567890\u00B0+"
     U"AZERTYUIOP\u00A8\u00A3"
     U"QSDFGHJKLM%\u00B5"
     U">WXCVBN?./\u00A7",
     U"  ~#{[|`\\^@]}"
     U"  \u20AC        \u00A4"
     U"            "
     U"           "},
};
constexpr bool complete() {
    for (const LayoutRows& layout : LAYOUTS)
        if (layout.plain.size() != CHARACTER_KEYS.size() || layout.shifted.size() != CHARACTER_KEYS.size() ||
            layout.alt_gr.size() != CHARACTER_KEYS.size())
            return false;
    return true;
}
static_assert(complete(), "a layout says something about each key");

} // namespace

std::optional<XtCode> xt_of_name(std::string_view name) {
    for (const NamedKey& key : NAMED_KEYS)
        if (key.name == name)
            return key.code;
    return std::nullopt;
}

std::optional<XtCode> xt_of_number(std::uint32_t number) {
    constexpr std::uint32_t pause_number = 0xC6;
    if (number == pause_number)
        return 0xE11D45;
    if (number == 0 || number > 0xFF || (number & 0x7FU) == 0)
        return std::nullopt;
    return (number & 0x80U) != 0 ? 0xE000 | (number & 0x7FU) : number;
}

KeyboardLayout::KeyboardLayout(std::string_view name) : rows_(nullptr) {
    for (const LayoutRows& layout : LAYOUTS)
        if (layout.name == name)
            rows_ = &layout;
    if (rows_ == nullptr)
        throw Error("keyboard layout", fmt::format("\"{}\" is unknown", name),
                    fmt::format("allowed: {}", fmt::join(names(), ", ")), ErrorKind::usage);
}

std::vector<std::string> KeyboardLayout::names() {
    std::vector<std::string> names;
    for (const LayoutRows& layout : LAYOUTS)
        names.emplace_back(layout.name);
    return names;
}

std::optional<KeyStroke> KeyboardLayout::key_of(char32_t character) const {
    switch (character) {
    case U' ':
        return KeyStroke{0x39};
    case U'\n':
    case U'\r':
        return KeyStroke{xt_enter};
    case U'\t':
        return KeyStroke{0x0F};
    case U'\b':
        return KeyStroke{0x0E};
    case 0x1B:
        return KeyStroke{0x01};
    default:
        break;
    }
    const auto find = [character](std::u32string_view row) { return row.find(character); };
    if (const std::size_t at = find(rows_->plain); at != std::u32string_view::npos)
        return KeyStroke{CHARACTER_KEYS[at]};
    if (const std::size_t at = find(rows_->shifted); at != std::u32string_view::npos)
        return KeyStroke{CHARACTER_KEYS[at], true, false};
    if (const std::size_t at = find(rows_->alt_gr); at != std::u32string_view::npos)
        return KeyStroke{CHARACTER_KEYS[at], false, true};
    return std::nullopt;
}

std::optional<XtCode> KeyboardLayout::key_of_keysym(std::uint32_t keysym) const {
    if (keysym >= KEYSYM_F1 && keysym <= KEYSYM_F10)
        return 0x3B + (keysym - KEYSYM_F1);
    for (const KeysymKey& key : KEYSYM_KEYS)
        if (key.keysym == keysym)
            return key.code;
    // Latin-1 keysyms are their characters; others are 01000000h + the code point.
    char32_t character = 0;
    if (keysym >= 0x20 && keysym <= 0xFF)
        character = keysym;
    else if (keysym == KEYSYM_EURO)
        character = U'\u20AC';
    else if (keysym > KEYSYM_UNICODE && keysym <= KEYSYM_UNICODE + 0x10FFFF)
        character = keysym - KEYSYM_UNICODE;
    if (character == 0)
        return std::nullopt;
    const auto stroke = key_of(character);
    return stroke ? std::optional(stroke->code) : std::nullopt;
}

std::vector<KeyStroke> KeyboardLayout::keys_of_text(std::string_view utf8) const {
    std::vector<KeyStroke> strokes;
    for (std::size_t at = 0; at < utf8.size();) {
        const std::size_t start = at;
        const auto stroke = key_of(next_character(utf8, at));
        if (!stroke)
            throw Error("text",
                        fmt::format("\"{}\" is not on the keyboard \"{}\"", utf8.substr(start, at - start),
                                    rows_->name),
                        "choose another layout", ErrorKind::usage);
        strokes.push_back(*stroke);
    }
    return strokes;
}

} // namespace ntferry::vmm
