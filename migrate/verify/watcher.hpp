// Watcher: from a row of looks at the screen to what happened to the machine. Knows no engine, no clock.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "migrate/verify/knowledge.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ntferry::verify {

/// Pixels of the screen, 0x00RRGGBB.
struct Picture {
    unsigned width = 0;
    unsigned height = 0;
    std::vector<std::uint32_t> pixels;
};

/// One look at a running machine.
struct Sample {
    std::chrono::milliseconds at{}; ///< since power-on
    bool text_mode = true;
    ScreenText text;        ///< in text mode
    Picture picture;        ///< in graphics mode
    unsigned resets = 0;    ///< by the guest, so far
    std::uint64_t work = 0; ///< grows while the guest reads or writes a disk, or talks on COM1
    bool busy = false;      ///< its processor has not halted much since the last look
    bool stopped = false;   ///< the machine runs no more: powered off, or halted for good
    std::string failure;    ///< the engine could not go on; empty: it could
};

struct WatchOptions {
    std::chrono::milliseconds still_text{
        8000}; ///< a text screen that rests so long, disks and COM1 too, is final
    /// The same while the processor works: a loader that unpacks, slowly where it is translated; or one that
    /// asks the keyboard again and again.
    std::chrono::milliseconds still_busy{45000};
    std::chrono::milliseconds still_graphics{15000}; ///< a picture that rests so long is final
    unsigned loop_resets = 3; ///< so many resets are a loop: one is normal after CHKDSK
};

/// What happened, why, and what to do.
struct Verdict {
    Outcome outcome = Outcome::hang;
    std::string id;    ///< of the known message, "stop.0x0000007b", or of the kind of rest
    std::string title; ///< one line
    std::string cause; ///< may be empty
    std::string cure;  ///< may be empty
    Cure automatic = Cure::none;
    std::optional<StopCode> stop;
    std::vector<std::string> screen; ///< the text screen it was read from
    std::chrono::milliseconds at{};
    bool good() const { return is_good(outcome); }
};

class Watcher {
  public:
    explicit Watcher(const WatchOptions& options = {}) : options_(options) {}
    /// A verdict as soon as there is one.
    std::optional<Verdict> look(const Sample& sample);
    /// What to say when the time is over.
    Verdict at_end() const;

  private:
    std::optional<Verdict> look_at_text(const Sample& sample);
    std::optional<Verdict> look_at_picture(const Sample& sample);
    Verdict loop(const Sample& sample) const;

    WatchOptions options_;
    Sample last_;
    bool any_ = false;
    std::chrono::milliseconds unchanged_since_{}; ///< the screen
    std::chrono::milliseconds quiet_since_{};     ///< the screen, disks and COM1
    std::chrono::milliseconds idle_since_{};      ///< all that, and the processor
    ScreenText before_reset_;
};

/// A STOP, a known message, or how a resting screen without one is to be understood.
Verdict read_screen(const ScreenText& screen, bool still);
/// Share of pixels that differ, 0 to 1; 1 for pictures of different size.
double difference(const Picture& a, const Picture& b);

} // namespace ntferry::verify
