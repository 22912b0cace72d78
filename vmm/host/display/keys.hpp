// Keys by their names, numbers and characters, as XT (scan code set 1) codes.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A guest sees keys, not characters: what a key means is its own keyboard layout's business. Characters come
// in only from clients that send nothing better and from text to be typed; then a layout has to say which key
// of the guest's keyboard makes the character.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ntferry::vmm {

/// XT code as InputSink::key() takes it.
using XtCode = std::uint32_t;

inline constexpr XtCode xt_control = 0x1D;
inline constexpr XtCode xt_alt = 0x38;
inline constexpr XtCode xt_alt_gr = 0xE038;
inline constexpr XtCode xt_shift = 0x2A;
inline constexpr XtCode xt_enter = 0x1C;
inline constexpr XtCode xt_delete = 0xE053;

/// QEMU's QKeyCode names: "ctrl", "ret", "kp_enter".
std::optional<XtCode> xt_of_name(std::string_view name);
/// QEMU's key numbers, also those of the RFB extended key event: bit 7 stands for the prefix E0.
std::optional<XtCode> xt_of_number(std::uint32_t number);

/// The key that makes a character.
struct KeyStroke {
    XtCode code = 0;
    bool shift = false;
    bool alt_gr = false;
    bool operator==(const KeyStroke&) const = default;
};

struct LayoutRows;

/// Which key carries which character on the guest's keyboard.
class KeyboardLayout {
  public:
    /// "us", "gb", "de", "fr". @throws Error (usage) for another
    explicit KeyboardLayout(std::string_view name);
    static std::vector<std::string> names();

    std::optional<KeyStroke> key_of(char32_t character) const;
    /// X keysym (X11/keysymdef.h): keys by name, characters by this layout. Modifiers are keys of their own.
    std::optional<XtCode> key_of_keysym(std::uint32_t keysym) const;
    /// @throws Error naming the character that this keyboard cannot make, or broken UTF-8
    std::vector<KeyStroke> keys_of_text(std::string_view utf8) const;

  private:
    const LayoutRows* rows_;
};

} // namespace ntferry::vmm
