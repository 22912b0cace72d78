// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/wizard/route.hpp"

#include <algorithm>

namespace ntferry::wizard {
namespace {

/// Media and decisions: what has to be settled before the machine is described.
PageId unsettled_plan(const Answers& answers, const Knowledge& known, PageId otherwise) {
    if (is_stale(answers, known))
        return PageId::examine;
    const patch::Plan& plan = known.preview()->plan;
    const bool open =
        std::any_of(plan.decisions.begin(), plan.decisions.end(), [&](const patch::Decision& decision) {
            return decision.chosen.empty() && !decision.choices.empty();
        });
    if (open)
        return PageId::decision;
    return plan.applicable() ? otherwise : PageId::media;
}

} // namespace

bool is_stale(const Answers& answers, const Knowledge& known) {
    return !known.examined || known.examined_key != examination_key(answers);
}

PageId first_open_page(const Answers& answers, const Knowledge& known) {
    if (answers.sources.empty())
        return PageId::source;
    if (is_stale(answers, known))
        return PageId::examine;
    if (known.preview()->assessment.verdict == assess::Verdict::cannot)
        return PageId::assessment;
    if (const PageId page = unsettled_plan(answers, known, PageId::summary); page != PageId::summary)
        return page;
    if (answers.network.empty())
        return PageId::network;
    if (answers.memory == 0)
        return PageId::memory;
    if (answers.bundle.empty())
        return PageId::target;
    return answers.trial ? PageId::summary : PageId::trial;
}

PageId next_page(PageId from, const Answers& answers, const Knowledge& known) {
    switch (from) {
    case PageId::welcome:
        return PageId::source;
    case PageId::source:
    case PageId::local_disks:
    case PageId::browse_source:
    case PageId::type_source:
    case PageId::address:
        return PageId::disks;
    case PageId::disks:
        return is_stale(answers, known) ? PageId::examine : PageId::found;
    case PageId::examine:
    case PageId::unreadable:
        return PageId::found;
    case PageId::found:
        return PageId::assessment;
    case PageId::assessment:
        return PageId::media;
    case PageId::browse_media:
    case PageId::type_media:
        return is_stale(answers, known) ? PageId::examine : PageId::media;
    case PageId::media:
    case PageId::decision:
        return unsettled_plan(answers, known, PageId::network);
    case PageId::network:
    case PageId::bridge:
        return PageId::memory;
    case PageId::memory:
    case PageId::other_memory:
        return PageId::target;
    case PageId::target:
        return PageId::trial;
    case PageId::trial:
        return PageId::summary;
    case PageId::summary:
        return PageId::convert;
    case PageId::convert:
    case PageId::failed:
        return known.converted && known.converted->result.trial ? PageId::screen : PageId::done;
    case PageId::screen:
    case PageId::done:
        return PageId::done;
    }
    return PageId::welcome;
}

} // namespace ntferry::wizard
