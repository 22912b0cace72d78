// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/verify/knowledge.hpp"

#include "converter/base/text.hpp"

#include <algorithm>

namespace ntferry::verify {
namespace {

constexpr KnownMessage messages[] = {
#include "migrate/verify/data/messages.inc"
};

constexpr KnownStop stops[] = {
#include "migrate/verify/data/stop_codes.inc"
};

bool fits(const KnownStop& known, const StopCode& stop) {
    if (known.code != stop.code)
        return false;
    if (known.parameter >= 0) {
        const auto index = static_cast<std::size_t>(known.parameter);
        if (index >= stop.parameters.size() || stop.parameters[index] != known.value)
            return false;
    }
    return known.driver.empty() || text::wildcard_match(known.driver, stop.driver);
}

} // namespace

std::string_view outcome_name(Outcome outcome) {
    switch (outcome) {
    case Outcome::stable_screen:
        return "stable-screen";
    case Outcome::loader_message:
        return "loader-message";
    case Outcome::stop_screen:
        return "stop";
    case Outcome::bios_message:
        return "bios-message";
    case Outcome::hang:
        return "hang";
    case Outcome::reboot_loop:
        return "reboot-loop";
    case Outcome::safe_to_turn_off:
        return "safe-to-turn-off";
    case Outcome::engine_failed:
        return "engine-failed";
    }
    return "unknown";
}

bool is_good(Outcome outcome) {
    return outcome == Outcome::stable_screen || outcome == Outcome::safe_to_turn_off;
}

std::string_view cure_name(Cure cure) {
    return cure == Cure::geometry ? "geometry" : "none";
}

std::span<const KnownMessage> known_messages() {
    return messages;
}

std::span<const KnownStop> known_stops() {
    return stops;
}

const KnownMessage* find_message(const ScreenText& screen, bool still) {
    const std::string text = running_text(screen);
    const auto found = std::find_if(std::begin(messages), std::end(messages), [&](const KnownMessage& known) {
        if (known.when_still && !still)
            return false;
        const bool at_end = known.pattern.ends_with('$');
        const std::string_view pattern =
            at_end ? known.pattern.substr(0, known.pattern.size() - 1) : known.pattern;
        return text::wildcard_match("*" + std::string(pattern) + (at_end ? "" : "*"), text);
    });
    return found == std::end(messages) ? nullptr : &*found;
}

const KnownStop* find_known_stop(const StopCode& stop) {
    const auto found = std::find_if(std::begin(stops), std::end(stops),
                                    [&](const KnownStop& known) { return fits(known, stop); });
    return found == std::end(stops) ? nullptr : &*found;
}

} // namespace ntferry::verify
