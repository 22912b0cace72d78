// The verdict as text and JSON.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/check/verdict.hpp"

#include "converter/base/text.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace ntferry::check {

std::string_view state_name(State state) noexcept {
    switch (state) {
    case State::good:
        return "good";
    case State::notice:
        return "notice";
    case State::broken:
        return "broken";
    case State::unknown:
        break;
    }
    return "unknown";
}

bool Verdict::starts() const {
    return complete && first_broken() == nullptr;
}

const Link* Verdict::find(std::string_view id) const {
    const auto at = std::find_if(links.begin(), links.end(), [&](const Link& link) { return link.id == id; });
    return at == links.end() ? nullptr : &*at;
}

const Link* Verdict::first_broken() const {
    const auto at = std::find_if(links.begin(), links.end(),
                                 [](const Link& link) { return link.state == State::broken; });
    return at == links.end() ? nullptr : &*at;
}

std::string verdict_text(const Verdict& verdict, bool all) {
    std::string out =
        fmt::format("{}{}{}\n", verdict.subject, verdict.system.empty() ? "" : ": ", verdict.system);
    std::size_t good = 0;
    for (const Link& link : verdict.links) {
        good += link.state == State::good ? 1 : 0;
        if (link.state == State::good && !all)
            continue;
        out += fmt::format("  {:7} {}: {}\n", state_name(link.state), link.id, text::printable(link.what));
        if (!link.symptom.empty())
            out += fmt::format("          it would show: {}\n", link.symptom);
        if (!link.remedy.empty())
            out += fmt::format("          {}\n", link.remedy);
    }
    const Link* broken = verdict.first_broken();
    if (broken != nullptr)
        out += fmt::format("does not start: {} ({})\n", broken->symptom, broken->id);
    else if (!verdict.complete)
        out += "not a whole Windows NT boot chain: what could be looked at is good\n";
    else
        out += fmt::format("starts: {} links good\n", good);
    return out;
}

std::string verdict_json(const Verdict& verdict) {
    namespace json = boost::json;
    json::array links;
    for (const Link& link : verdict.links)
        links.push_back(json::object{{"id", link.id},
                                     {"state", std::string(state_name(link.state))},
                                     {"what", text::printable(link.what)},
                                     {"symptom", link.symptom},
                                     {"remedy", link.remedy}});
    return json::serialize(json::object{{"schema", 1},
                                        {"subject", verdict.subject},
                                        {"system", verdict.system},
                                        {"complete", verdict.complete},
                                        {"starts", verdict.starts()},
                                        {"links", std::move(links)}});
}

} // namespace ntferry::check
