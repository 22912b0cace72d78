// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/verify/watcher.hpp"

#include "converter/base/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ntferry::verify {
namespace {

/// A blinking caret, a clock: what may change on a picture that rests.
constexpr double still_share = 0.005;

Verdict from_stop(const StopCode& stop) {
    Verdict verdict;
    verdict.outcome = Outcome::stop_screen;
    verdict.id = fmt::format("stop.0x{:08x}", stop.code);
    verdict.title = stop.text();
    verdict.stop = stop;
    if (const KnownStop* known = find_known_stop(stop)) {
        verdict.cause = known->cause;
        verdict.cure = known->cure;
        verdict.automatic = known->automatic;
    } else {
        verdict.cure = "look the code up; disable the driver that the screen names";
    }
    return verdict;
}

Verdict from_message(const KnownMessage& known) {
    Verdict verdict;
    verdict.outcome = known.outcome;
    verdict.id = known.id;
    verdict.title = known.title;
    verdict.cause = known.cause;
    verdict.cure = known.cure;
    verdict.automatic = known.automatic;
    return verdict;
}

Verdict unknown_rest(const ScreenText& screen) {
    Verdict verdict;
    if (screen.blank()) {
        verdict.outcome = Outcome::hang;
        verdict.id = "rest.blank";
        verdict.title = "the screen stays empty";
        verdict.cause =
            "it hangs before anything is printed, or drives a screen that this machine does not have";
    } else {
        verdict.outcome = Outcome::stable_screen;
        verdict.id = "rest.text";
        verdict.title = fmt::format("rests at a text screen: \"{}\"", text::printable(last_line(screen), 80));
    }
    return verdict;
}

} // namespace

double difference(const Picture& a, const Picture& b) {
    if (a.width != b.width || a.height != b.height || a.pixels.size() != b.pixels.size() || a.pixels.empty())
        return 1;
    std::size_t differing = 0;
    for (std::size_t i = 0; i < a.pixels.size(); ++i)
        differing += a.pixels[i] != b.pixels[i] ? 1U : 0U;
    return static_cast<double>(differing) / static_cast<double>(a.pixels.size());
}

Verdict read_screen(const ScreenText& screen, bool still) {
    Verdict verdict;
    if (const auto stop = find_stop(screen))
        verdict = from_stop(*stop);
    else if (const KnownMessage* known = find_message(screen, still))
        verdict = from_message(*known);
    else
        verdict = unknown_rest(screen);
    verdict.screen = screen.lines;
    return verdict;
}

Verdict Watcher::loop(const Sample& sample) const {
    Verdict verdict = read_screen(before_reset_, false);
    const std::string last_words = verdict.id.starts_with("rest.") ? std::string() : ": " + verdict.title;
    verdict.outcome = Outcome::reboot_loop;
    verdict.id = "reboot-loop";
    verdict.title = fmt::format("it starts again and again ({} times in {} s){}", sample.resets,
                                sample.at.count() / 1000, last_words);
    if (verdict.cause.empty())
        verdict.cause = "the guest resets the machine while it starts";
    if (verdict.cure.empty())
        verdict.cure = "switch CrashControl\\AutoReboot off to see why: 'ntferry patch --set "
                       "SYSTEM\\CurrentControlSet\\Control\\CrashControl\\AutoReboot=dword:0'";
    return verdict;
}

std::optional<Verdict> Watcher::look_at_text(const Sample& sample) {
    // A loader prints a line and then reads for half a minute: only with its disks at rest does it rest.
    const bool still =
        sample.at - idle_since_ >= options_.still_text || sample.at - quiet_since_ >= options_.still_busy;
    // A message counts when two looks found the same screen: the first may have come while it was written.
    if (sample.at == unchanged_since_)
        return std::nullopt;
    Verdict verdict = read_screen(sample.text, still);
    const bool known = !verdict.id.starts_with("rest.");
    if (!known && !still)
        return std::nullopt;
    return verdict;
}

std::optional<Verdict> Watcher::look_at_picture(const Sample& sample) {
    if (sample.at - unchanged_since_ < options_.still_graphics)
        return std::nullopt;
    Verdict verdict;
    const bool one_colour =
        std::all_of(sample.picture.pixels.begin(), sample.picture.pixels.end(),
                    [&](std::uint32_t pixel) { return pixel == sample.picture.pixels.front(); });
    verdict.outcome = one_colour ? Outcome::hang : Outcome::stable_screen;
    verdict.id = one_colour ? "rest.one-colour" : "rest.graphics";
    verdict.title = one_colour
                        ? "the screen stays in one colour in graphics mode"
                        : fmt::format("rests at a screen of {} x {} in graphics mode: desktop or logon",
                                      sample.picture.width, sample.picture.height);
    return verdict;
}

std::optional<Verdict> Watcher::look(const Sample& sample) {
    std::optional<Verdict> verdict;
    if (!sample.failure.empty()) {
        verdict.emplace();
        verdict->outcome = Outcome::engine_failed;
        verdict->id = "engine";
        verdict->title = sample.failure;
        verdict->screen = last_.text.lines;
        verdict->at = sample.at;
        return verdict;
    }
    if (any_ && sample.resets > last_.resets)
        before_reset_ = last_.text;
    const bool same = any_ && sample.text_mode == last_.text_mode && sample.resets == last_.resets &&
                      (sample.text_mode ? sample.text == last_.text
                                        : difference(sample.picture, last_.picture) <= still_share);
    if (!same)
        unchanged_since_ = sample.at;
    if (!same || sample.work != last_.work)
        quiet_since_ = sample.at;
    if (quiet_since_ == sample.at || sample.busy)
        idle_since_ = sample.at;
    if (sample.resets >= options_.loop_resets) {
        verdict = loop(sample);
    } else if (sample.stopped) {
        verdict = read_screen(sample.text, true);
        if (verdict->id.starts_with("rest.")) {
            verdict->outcome = Outcome::safe_to_turn_off;
            verdict->id = "powered-off";
            verdict->title = "the guest has switched the machine off";
            verdict->cause.clear();
        }
    } else {
        verdict = sample.text_mode ? look_at_text(sample) : look_at_picture(sample);
    }
    last_ = sample;
    any_ = true;
    if (verdict)
        verdict->at = sample.at;
    return verdict;
}

Verdict Watcher::at_end() const {
    Verdict verdict;
    if (last_.text_mode) {
        verdict = read_screen(last_.text, true);
        if (verdict.id == "rest.text")
            verdict.title = fmt::format("still printing when the time was over; last: \"{}\"",
                                        text::printable(last_line(last_.text), 80));
    } else {
        verdict.outcome = Outcome::stable_screen;
        verdict.id = "busy.graphics";
        verdict.title = fmt::format("in graphics mode ({} x {}), still drawing when the time was over",
                                    last_.picture.width, last_.picture.height);
    }
    verdict.at = last_.at;
    return verdict;
}

} // namespace ntferry::verify
