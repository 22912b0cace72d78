// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/host/control/power.hpp"

#include "converter/base/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace ntferry::vmm {
namespace {

constexpr std::string_view SAFE_SENTENCES[] = {
    "It is now safe to turn off your computer",
    "It's now safe to turn off your computer",
    "Sie können den Computer jetzt ausschalten",
    "Sie können den Computer nun ausschalten",
    "Vous pouvez maintenant éteindre votre ordinateur",
    "Ahora puede apagar el equipo",
    "È ora possibile spegnere il computer",
    "System halted",
};
constexpr std::size_t MAX_STEPS = 32;
constexpr unsigned MAX_WAIT_MS = 60000;

/// One line: what a sentence broken over two rows reads like.
std::string joined(const TextScreen& screen) {
    std::string text = screen.utf8();
    std::string out;
    for (const char c : text)
        if (c == '\n' || c == ' ') {
            if (!out.empty() && out.back() != ' ')
                out += ' ';
        } else {
            out += c;
        }
    return out;
}

PowerKeyStep step_of(std::string_view text) {
    PowerKeyStep step;
    unsigned wait = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), wait);
    if (error == std::errc() && end == text.data() + text.size() && text.size() > 1) {
        if (wait > MAX_WAIT_MS)
            throw Error("power keys", fmt::format("{} ms is too long", wait), "60000 at most",
                        ErrorKind::usage);
        step.wait = std::chrono::milliseconds(wait);
        return step;
    }
    for (std::size_t at = 0; at <= text.size();) {
        const std::size_t stop = std::min(text.find('-', at), text.size());
        const auto key = xt_of_name(text.substr(at, stop - at));
        if (!key)
            throw Error("power keys", fmt::format("\"{}\" is no key", text.substr(at, stop - at)),
                        fmt::format("for example {}", default_power_keys), ErrorKind::usage);
        step.keys.push_back(*key);
        at = stop + 1;
    }
    return step;
}

} // namespace

bool says_safe_to_turn_off(const TextScreen& screen) {
    const std::string text = joined(screen);
    return std::any_of(std::begin(SAFE_SENTENCES), std::end(SAFE_SENTENCES),
                       [&](std::string_view sentence) { return text.find(sentence) != std::string::npos; });
}

bool shows_stop_screen(const TextScreen& screen) {
    return joined(screen).find("*** STOP: 0x") != std::string::npos;
}

std::vector<PowerKeyStep> parse_power_keys(std::string_view text) {
    std::vector<PowerKeyStep> steps;
    for (std::size_t at = 0; at <= text.size();) {
        const std::size_t end = std::min(text.find(',', at), text.size());
        steps.push_back(step_of(text.substr(at, end - at)));
        if (steps.size() > MAX_STEPS)
            throw Error("power keys", "too many steps", {}, ErrorKind::usage);
        at = end + 1;
    }
    return steps;
}

} // namespace ntferry::vmm
