// The walk along the boot chain.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/check/boot_chain.hpp"

#include "converter/check/walk.hpp"
#include "converter/volume/geometry.hpp"

#include <fmt/format.h>

namespace ntferry::check {
namespace {

BiosGeometry recovered_geometry(patch::Subject& subject) {
    const volume::Geometry found =
        volume::recover_geometry(subject.volumes().disk(0), subject.volumes().layout(0));
    return {found.heads, found.sectors};
}

/// One part; damage that it did not expect ends that part alone.
void go(Walk& walk, const char* name, void (*part)(Walk&)) {
    try {
        part(walk);
    } catch (const block::ReadError&) {
        throw;
    } catch (const Error& error) {
        walk.verdict().links.push_back({name, State::unknown, error.what(), {}, {}});
    }
}

} // namespace

Verdict check_boot_chain(patch::Subject& subject, const profiles::Profile& profile,
                         const CheckOptions& options) {
    Verdict verdict;
    verdict.subject = subject.name();
    if (subject.volumes().disk_count() == 0)
        throw Error(subject.name(), "has no disks");
    Walk walk(subject, profile, options.geometry.value_or(recovered_geometry(subject)), verdict);
    go(walk, "disk", walk_disk);
    const bool other_system = profile.patch.family.empty() || profile.patch.family == "none";
    if (!subject.has_nt() && other_system) {
        verdict.links.push_back({"system",
                                 State::unknown,
                                 subject.problem(),
                                 {},
                                 "what follows the boot sector of another system is not known"});
        return verdict;
    }
    go(walk, "loader", walk_loader);
    if (!subject.has_nt()) {
        // The files can be looked at without a registry, and the hives say why there is none.
        if (subject.has_place()) {
            go(walk, "kernel", walk_kernel);
            go(walk, "registry", walk_registry);
        }
        verdict.links.push_back({"system", State::unknown, subject.problem(), {}, {}});
        return verdict;
    }
    verdict.system = fmt::format("{}, {}", subject.product().title(), subject.product().computer_name);
    go(walk, "kernel", walk_kernel);
    go(walk, "registry", walk_registry);
    go(walk, "drivers", walk_drivers);
    go(walk, "session", walk_session);
    verdict.complete = true;
    return verdict;
}

} // namespace ntferry::check
