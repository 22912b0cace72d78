// Conversion: from a server's disks to a bundle, step by step, each of them durable.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/assess/assess.hpp"
#include "converter/base/progress.hpp"
#include "converter/capture/capture.hpp"
#include "converter/check/verdict.hpp"
#include "converter/patch/drivers/driver_source.hpp"
#include "converter/patch/overrides.hpp"
#include "converter/patch/plan.hpp"
#include "converter/patch/subject.hpp"
#include "migrate/bundle/describe_machine.hpp"
#include "migrate/verify/cure.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace ntferry::bundle {

/// Where a conversion is, for a listener that shows it as a list.
enum class Step : unsigned char { look, capture, patch, check, describe, boot };

/// What the machine's network cards are connected to.
struct NetworkChoice {
    std::string backend = "isolated"; ///< as in profiles::NicSpec
    std::map<std::string, std::string> options;
};
/// "isolated", "nat", "bridge:TAP". @throws Error (usage)
NetworkChoice parse_network(const std::string& text);

struct ConversionOptions {
    std::vector<std::string> sources; ///< in the server's order
    std::string bundle;
    profiles::Profile profile;
    patch::DriverSource drivers;
    patch::Overrides overrides;
    std::uint64_t memory = 0; ///< bytes; 0: see describe_machine()
    NetworkChoice network;
    /// The sources, opened to choose the profile: what was read of them need not be read again. May be empty;
    /// given up once the plan is made.
    std::shared_ptr<patch::Subject> subject;
    bool resume = false;
    bool accept_findings =
        false;                ///< --yes: go on although the assessment wants something decided; keep cures
    bool allow_dirty = false; ///< write to volumes that were not cleanly dismounted
    bool boot = true;
    verify::TrialOptions trial;
    std::function<void(Step)> on_step; ///< called as a step begins; may be empty
};

/// Everything that a report tells. Later parts are empty when the conversion ended before them.
struct ConversionResult {
    nt::Inspection inspection;
    assess::Assessment assessment;
    patch::Plan plan;
    std::vector<capture::Loss> losses;
    std::vector<std::string> verified; ///< changes read back
    std::optional<check::Verdict> check;
    std::optional<DescribedMachine> machine;
    std::optional<verify::CureOutcome> trial;
    bool begun = false;     ///< past the questions: the bundle is this conversion's, and gets its report
    int exit_code = 0;      ///< as of the program
    std::string conclusion; ///< one line
};

/// What would be done: only reads the sources. exit_code says whether convert() would go on.
ConversionResult preview(ConversionOptions options, Progress& progress);
/// The conversion. Ends early, with nothing written, where preview() says so.
/// @throws Error; Interrupted, with the way to go on
ConversionResult convert(ConversionOptions options, Progress& progress, const std::stop_token& stop);

} // namespace ntferry::bundle
