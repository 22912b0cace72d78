// Trial boot: a bundle's machine started on throw-away overlays, without a network, and watched.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/base/progress.hpp"
#include "migrate/verify/watcher.hpp"
#include "profiles/machine.hpp"

#include <boost/json.hpp>

#include <stop_token>
#include <string>

namespace ntferry::verify {

enum class EngineKind : unsigned char { automatic, kvm, qemu };
/// "auto", "kvm", "qemu". @throws Error (usage)
EngineKind engine_kind(const std::string& name);

struct TrialOptions {
    std::chrono::seconds limit{180}; ///< give up then
    EngineKind engine = EngineKind::automatic;
    WatchOptions watch;
};

struct TrialResult {
    Verdict verdict;
    std::string engine;     ///< "kvm", "qemu"
    std::string why_engine; ///< one sentence, where the choice was made for the user
    std::string screenshot; ///< relative to the bundle; empty: none could be made
    std::string serial_log; ///< relative to the bundle; what the guest said on COM1
    std::string tried;      ///< a cure that was on trial, in words; empty: the machine as it is
};

/// Starts what `bundle`/machine.xml describes, or `machine` in its place, and watches it. Disks of the bundle
/// are only read; what the guest writes is thrown away. Leaves logs/trial.png, logs/trial-com1.log and
/// logs/trial.log.
/// @throws Error when nothing can be started; Interrupted
TrialResult run_trial(const std::string& bundle, const profiles::MachineDescription& machine,
                      const TrialOptions& options, Progress& progress, const std::stop_token& stop);

boost::json::object to_json(const TrialResult& result);
/// For people, several lines.
std::string trial_text(const TrialResult& result);

} // namespace ntferry::verify
