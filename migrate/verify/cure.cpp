// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/verify/cure.hpp"

#include "converter/block/open.hpp"
#include "migrate/bundle/geometry.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

namespace ntferry::verify {
namespace {

constexpr std::size_t most_geometries = 4;

profiles::DiskSpec* boot_disk(profiles::MachineDescription& machine) {
    const auto first = std::min_element(
        machine.disks.begin(), machine.disks.end(),
        [](const profiles::DiskSpec& a, const profiles::DiskSpec& b) { return a.position < b.position; });
    return first == machine.disks.end() ? nullptr : &*first;
}

/// Geometries worth a try for the disk that boots, without the one it has.
std::vector<profiles::DiskGeometry> other_geometries(const std::string& bundle,
                                                     const profiles::DiskSpec& disk) {
    const std::string path =
        disk.path.starts_with('/') ? disk.path : (std::filesystem::path(bundle) / disk.path).string();
    auto candidates = bundle::geometry_candidates(*block::open_disk(path));
    if (disk.geometry)
        std::erase_if(candidates, [&](const profiles::DiskGeometry& geometry) {
            return geometry.heads == disk.geometry->heads && geometry.sectors == disk.geometry->sectors;
        });
    candidates.resize(std::min(candidates.size(), most_geometries));
    return candidates;
}

void try_geometries(const std::string& bundle, const TrialOptions& options, CureOutcome& outcome,
                    Progress& progress, const std::stop_token& stop) {
    const profiles::MachineDescription original = outcome.machine;
    profiles::DiskSpec* disk = boot_disk(outcome.machine);
    if (disk == nullptr)
        return;
    for (const profiles::DiskGeometry& geometry : other_geometries(bundle, *disk)) {
        disk->geometry = geometry;
        const std::string what = fmt::format("geometry {}/{}/{} for disk {}", geometry.cylinders,
                                             geometry.heads, geometry.sectors, disk->position);
        progress.note("trying again with " + what);
        outcome.trials.push_back(run_trial(bundle, outcome.machine, options, progress, stop));
        outcome.trials.back().tried = what;
        if (outcome.last().verdict.automatic != Cure::geometry) {
            // It comes further, even if something else is wrong.
            outcome.changed = true;
            outcome.what = what;
            return;
        }
    }
    outcome.machine = original;
}

} // namespace

CureOutcome try_machine(const std::string& bundle, const profiles::MachineDescription& machine,
                        const TrialOptions& options, bool cures, Progress& progress,
                        const std::stop_token& stop) {
    CureOutcome outcome;
    outcome.machine = machine;
    outcome.trials.push_back(run_trial(bundle, machine, options, progress, stop));
    if (cures && outcome.last().verdict.automatic == Cure::geometry)
        try_geometries(bundle, options, outcome, progress, stop);
    return outcome;
}

} // namespace ntferry::verify
