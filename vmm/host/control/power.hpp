// Signs that a guest has shut down, and the keys that ask it to.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "vmm/bus/backends.hpp"
#include "vmm/host/display/keys.hpp"

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace ntferry::vmm {

/// The text screen says that the computer can be switched off ("It is now safe to turn off your computer" and
/// what Windows of other languages says).
bool says_safe_to_turn_off(const TextScreen& screen);
/// The text screen is one that somebody has to read: a STOP screen of NT.
bool shows_stop_screen(const TextScreen& screen);

/// One step of a shutdown by keyboard: keys pressed together, or a pause.
struct PowerKeyStep {
    std::vector<XtCode> keys;
    std::chrono::milliseconds wait{0};
};
/// The way through the dialogs of an English NT 4.0: Windows NT Security or Logon, Shut Down, OK.
inline constexpr std::string_view default_power_keys = "ctrl-alt-delete,3000,alt-s,3000,ret";
/// "ctrl-alt-delete,3000,alt-s": keys by name joined with "-", or milliseconds. @throws Error (usage)
std::vector<PowerKeyStep> parse_power_keys(std::string_view text);

} // namespace ntferry::vmm
