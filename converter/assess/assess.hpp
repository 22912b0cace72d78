// Assessment: whether a server can be moved to a profile's machine, and what stands in the way.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/assess/finding.hpp"
#include "converter/nt/inspection.hpp"
#include "profiles/profile.hpp"

#include <boost/json.hpp>

#include <span>
#include <string>
#include <vector>

namespace ntferry::assess {

enum class Verdict : std::uint8_t { ready, ready_with_changes, needs_decision, cannot };
const char* verdict_name(Verdict verdict);

/// A file that the system needs on the new machine.
struct NeededFile {
    std::string name; ///< "amdpcn.sys"
    std::string why;
    bool installed = false; ///< where NT looks for it
    std::string found;      ///< a copy elsewhere on these disks; empty: none
    std::string sources;    ///< where else it comes from
};

struct Assessment {
    std::string profile;
    std::string profile_title;
    Verdict verdict = Verdict::ready;
    std::string installation; ///< title of the one that was assessed; empty: none found
    Findings findings;        ///< heaviest first, in rule order
    std::vector<NeededFile> needed;

    bool has(std::string_view code) const;
};

/// What a rule looks at.
struct Context {
    const nt::Inspection& inspection;
    const nt::Installation& system; ///< the installation that boots by default
    const profiles::Profile& profile;

    const nt::VolumeFacts& boot_volume() const { return inspection.volumes[system.place.volume]; }
    /// Service pack, 0 when none or unknown.
    unsigned service_pack() const { return system.product.service_pack.value_or(0); }
    const nt::Service* service(std::string_view name) const { return find_service(system.services, name); }
    /// "SYSTEM\\ControlSet001\\Services\\NAME".
    std::string service_key(std::string_view name) const;
};

using Rule = void (*)(const Context& context, Findings& findings);

/// Every rule, in the order of the boot chain.
std::span<const Rule> rules();

/// Options of an inspection that find what this profile's guests need.
nt::InspectOptions inspect_options(const profiles::Profile& profile);

Assessment assess(const nt::Inspection& inspection, const profiles::Profile& profile);

/// Schema: docs/assess.md, "ntferry.assessment" version 1.
boost::json::object to_json(const Assessment& assessment);

} // namespace ntferry::assess
