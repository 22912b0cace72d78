// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/nt/control_sets.hpp"

#include "converter/base/text.hpp"

#include <fmt/format.h>

#include <map>

namespace ntferry::nt {

ControlSets read_control_sets(const registry::Hive& system) {
    ControlSets result;
    std::map<unsigned, ControlSet> sets;
    const auto at = [&sets](unsigned number) -> ControlSet& {
        ControlSet& set = sets[number];
        set.number = number;
        set.path = fmt::format("ControlSet{:03}", number);
        return set;
    };
    for (const registry::Key& key : system.root().children()) {
        const std::string name = key.name();
        unsigned number = 0;
        if (text::istarts_with(name, "ControlSet") && name.size() == 13 &&
            name.find_first_not_of("0123456789", 10) == std::string::npos) {
            number = static_cast<unsigned>(std::stoul(name.substr(10)));
            at(number).present = true;
        }
    }
    // Source: KB Q102984. CurrentControlSet is a volatile link and not in the file.
    const auto named = [&](const char* role, bool ControlSet::*flag) {
        const std::optional<std::uint32_t> number = system.dword("Select", role);
        if (!number) {
            result.problems.push_back(fmt::format("Select\\{} is missing", role));
            return;
        }
        if (*number == 0 || *number > 999)
            return; // no failed set, no last known good one
        at(*number).*flag = true;
        if (!at(*number).present)
            result.problems.push_back(
                fmt::format("Select\\{} names ControlSet{:03}, which is not there", role, *number));
    };
    named("Current", &ControlSet::current);
    named("Default", &ControlSet::is_default);
    named("LastKnownGood", &ControlSet::last_known_good);
    named("Failed", &ControlSet::failed);
    for (const auto& [number, set] : sets) {
        result.sets.push_back(set);
        if (set.present && set.is_default)
            result.active = set.path;
    }
    if (result.active.empty())
        for (const ControlSet& set : result.sets)
            if (set.present && (set.current || result.active.empty()))
                result.active = set.path;
    return result;
}

} // namespace ntferry::nt
