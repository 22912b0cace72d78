// What messages on the screen of a starting machine mean, and what to do: data/messages.inc,
// data/stop_codes.inc. SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "migrate/verify/stop_code.hpp"

#include <span>
#include <string_view>

namespace ntferry::verify {

enum class Outcome : unsigned char {
    stable_screen,    ///< desktop, logon, prompt: something that waits for people
    loader_message,   ///< boot sector, NTLDR or NTDETECT complain
    stop_screen,      ///< blue screen, or another kernel's last words
    bios_message,     ///< the firmware finds nothing to start
    hang,             ///< nothing moves, and it is no place to rest
    reboot_loop,      ///< it starts again and again
    safe_to_turn_off, ///< the guest has shut down
    engine_failed,    ///< the machine itself could not run
};
/// "stable-screen", ...: as in report.json.
std::string_view outcome_name(Outcome outcome);
/// Whether the machine is as it should be.
bool is_good(Outcome outcome);

/// Something that NTFerry can try by itself and take back.
enum class Cure : unsigned char {
    none,
    geometry, ///< another INT 13h geometry for the disk that boots (machine.xml)
};
std::string_view cure_name(Cure cure);

/// A message, recognised in the running text of the screen.
struct KnownMessage {
    std::string_view id;
    Outcome outcome;
    /// Parts that all appear, in this order, separated by '*'; case is ignored. '$': at the end of the
    /// screen.
    std::string_view pattern;
    bool when_still; ///< only means something when the screen does not change any more
    std::string_view title;
    std::string_view cause;
    std::string_view cure;
    Cure automatic;
};

struct KnownStop {
    std::uint32_t code;
    int parameter;           ///< index of a parameter that has to have a value; -1: any
    std::uint32_t value;     ///< of that parameter
    std::string_view driver; ///< pattern of the file named on the screen; empty: any
    std::string_view cause;
    std::string_view cure;
    Cure automatic;
};

std::span<const KnownMessage> known_messages();
std::span<const KnownStop> known_stops();

/// The first message that is on the screen, or nullptr. @param still the screen does not change any more
const KnownMessage* find_message(const ScreenText& screen, bool still);
/// The most special entry for a STOP: those with conditions stand before those without.
const KnownStop* find_known_stop(const StopCode& stop);

} // namespace ntferry::verify
