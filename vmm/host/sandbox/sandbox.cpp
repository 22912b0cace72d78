// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/host/sandbox/sandbox.hpp"

#include "vmm/host/sandbox/walls.hpp"

#include <fmt/format.h>

namespace ntferry::vmm::sandbox {

std::vector<Measure> enter(const Policy& policy) {
    std::vector<Measure> measures;
    // Root is dropped first: the namespaces after it are those any user can make, so they are tested by every
    // run.
    measures.push_back(drop_root(policy));
    const std::vector<Measure> namespaces = enter_namespaces(policy);
    measures.insert(measures.end(), namespaces.begin(), namespaces.end());
    measures.push_back(restrict_files(policy));
    measures.push_back(drop_capabilities());
    measures.push_back(set_limits());
    return measures;
}

std::string describe(const std::vector<Measure>& measures) {
    std::string text;
    for (const Measure& measure : measures)
        text += fmt::format("{}: {}{}{}\n", measure.name, measure.applied ? "on" : "off",
                            measure.detail.empty() ? "" : ": ", measure.detail);
    return text;
}

} // namespace ntferry::vmm::sandbox
