// XML that people write: overrides; XML that we read back: plans.
// LINK: ntferry_patch
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/patch/overrides.hpp"
#include "converter/patch/plan.hpp"

#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(reinterpret_cast<const char*>(data), size);
    try {
        (void)ntferry::patch::parse_overrides(text, "fuzz", "/nonexistent");
    } catch (const ntferry::Error&) {
    }
    try {
        (void)ntferry::patch::plan_xml(ntferry::patch::parse_plan(text, "fuzz"));
    } catch (const ntferry::Error&) {
    }
    try {
        (void)ntferry::patch::parse_own_action(text);
    } catch (const ntferry::Error&) {
    }
    return 0;
}
