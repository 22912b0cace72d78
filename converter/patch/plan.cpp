// What a plan still lacks, and the plan in words.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/patch/plan.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ntferry::patch {

std::vector<const Decision*> Plan::open_decisions() const {
    std::vector<const Decision*> open;
    for (const Decision& decision : decisions)
        if (decision.chosen.empty())
            open.push_back(&decision);
    return open;
}

bool Plan::has_essential_missing() const {
    return std::any_of(missing.begin(), missing.end(),
                       [](const MissingFile& file) { return file.essential; });
}

bool Plan::applicable() const {
    return open_decisions().empty() && !has_essential_missing();
}

const Action* Plan::find(std::string_view id) const {
    const auto at = std::find_if(actions.begin(), actions.end(), [&](const Action& a) { return a.id == id; });
    return at == actions.end() ? nullptr : &*at;
}

void require_applicable(const Plan& plan) {
    const auto open = plan.open_decisions();
    if (!open.empty()) {
        std::vector<std::string> choices;
        for (const Choice& choice : open.front()->choices)
            choices.push_back(fmt::format("--decide {}={} ({})", open.front()->id, choice.name, choice.what));
        throw Error(plan.source, open.front()->question,
                    choices.empty() ? "nothing was changed" : fmt::format("{}", fmt::join(choices, ", or ")),
                    ErrorKind::decision);
    }
    std::vector<std::string> names;
    for (const MissingFile& file : plan.missing)
        if (file.essential)
            names.push_back(file.name);
    if (!names.empty())
        throw Error(plan.source,
                    fmt::format("{} {} needed and on none of the media", fmt::join(names, ", "),
                                names.size() == 1 ? "is" : "are"),
                    "name an NT 4.0 CD or service pack with --drivers (nothing was changed)",
                    ErrorKind::decision);
}

std::string plan_text(const Plan& plan) {
    std::string out;
    const auto line = [&](const std::string& text) { out += text + "\n"; };
    line(fmt::format("{}: {}", plan.source, plan.installation));
    line(fmt::format("profile {}, {} change{}", plan.profile, plan.actions.size(),
                     plan.actions.size() == 1 ? "" : "s"));
    std::string rule;
    for (const Action& action : plan.actions) {
        if (action.rule != rule) {
            rule = action.rule;
            line("");
            line(rule + ":");
        }
        line("  " + describe(action.change));
        if (const std::string values = describe_values(action.change); !values.empty())
            line("      " + values);
        line(fmt::format("      {}{}", action.reason,
                         action.evidence.empty() ? "" : fmt::format(" ({})", action.evidence)));
        line(fmt::format("      id {}", action.id));
    }
    const auto heading = [&](std::string_view text, bool any) {
        if (any)
            line(fmt::format("\n{}:", text));
    };
    heading("left out by you", !plan.left_out.empty());
    for (const Action& action : plan.left_out)
        line(fmt::format("  {} ({})", describe(action.change), action.id));
    heading("decisions", !plan.decisions.empty());
    for (const Decision& decision : plan.decisions) {
        line(fmt::format("  {} {}: {}", decision.chosen.empty() ? "OPEN" : "made", decision.id,
                         decision.question));
        if (!decision.evidence.empty())
            line("      " + decision.evidence);
        for (const Choice& choice : decision.choices)
            line(fmt::format("      {} --decide {}={}: {}", choice.name == decision.chosen ? "*" : " ",
                             decision.id, choice.name, choice.what));
    }
    heading("missing files", !plan.missing.empty());
    for (const MissingFile& file : plan.missing) {
        line(fmt::format("  {}{}: {}", file.name, file.essential ? "" : " (the guest starts without it)",
                         file.why));
        line("      " + file.where);
        for (const std::string& copy : file.rejected)
            line("      not good: " + copy);
    }
    heading("notes", !plan.notes.empty());
    for (const Note& note : plan.notes)
        line(fmt::format("  {}: {}", note.rule, note.text));
    heading("not done", !plan.not_done.empty());
    for (const std::string& text : plan.not_done)
        line("  " + text);
    return out;
}

} // namespace ntferry::patch
