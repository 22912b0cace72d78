// Knowledge: what looking and converting brought to light so far. Values; the wizard's pages read them.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/base/error.hpp"
#include "migrate/bundle/conversion.hpp"
#include "migrate/wizard/view.hpp"

#include <optional>
#include <string>
#include <vector>

namespace ntferry::wizard {

/// An Error, kept.
struct Failure {
    std::string where;
    std::string problem;
    std::string remedy;
    ErrorKind kind = ErrorKind::failed;
    int error_number = 0; ///< of a failed system call; 0: none
};
Failure failure_of(const std::exception& error);

struct MediumFacts {
    std::string path;
    std::string what; ///< "Windows NT CD", "service pack 6", "other files"
};

/// What an examination found: preview() of the conversion and the media it was made with.
struct Examined {
    bundle::ConversionResult result;
    std::vector<MediumFacts> media;
};

/// How far a conversion is. A copy of it is shown while it runs.
struct Advance {
    std::optional<bundle::Step> step;
    std::string phase;        ///< "capture"
    std::uint64_t done = 0;   ///< bytes
    std::uint64_t total = 0;  ///< bytes; 0: not measured
    std::uint64_t errors = 0; ///< bytes that could not be read
    double seconds = 0;       ///< since the phase began
    std::vector<std::string> notes;
};

/// How a conversion ended.
struct Converted {
    bundle::ConversionResult result;
    ScreenShot screen;      ///< of the trial boot
    std::string screen_png; ///< path; empty: none
    std::string report;     ///< path of report.html
};

struct Knowledge {
    std::optional<Examined> examined;
    std::string examined_key; ///< of the answers that `examined` belongs to
    std::optional<Failure> unreadable;
    Advance advance;
    bool stopping = false; ///< asked to stop, not there yet
    std::optional<Converted> converted;
    std::optional<Failure> failed;
    std::vector<std::string> commands; ///< names of ntferry's commands

    const bundle::ConversionResult* preview() const { return examined ? &examined->result : nullptr; }
    /// Empty before the examination.
    const nt::Inspection& inspection() const { return examined ? examined->result.inspection : nothing_; }
    bool has_command(std::string_view name) const;

  private:
    nt::Inspection nothing_;
};

} // namespace ntferry::wizard
