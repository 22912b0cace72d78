// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/report/conversion_document.hpp"

#include "converter/patch/durable.hpp"
#include "migrate/report/assessment_document.hpp"
#include "migrate/report/sources.hpp"

#include <fmt/format.h>

#include <cctype>
#include <filesystem>
#include <utility>

namespace ntferry::report {
namespace {

namespace json = boost::json;

std::string server_name(const bundle::ConversionResult& result) {
    if (!result.inspection.installations.empty() &&
        !result.inspection.installations.front().product.name.empty())
        return result.inspection.installations.front().product.name;
    return result.assessment.installation.empty() ? "a server" : result.assessment.installation;
}

/// With a capital and a full stop, as on paper.
std::string sentence(std::string text) {
    if (text.empty())
        return text;
    text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
    if (text.back() != '.')
        text += '.';
    return text;
}

void add_trial(Document& document, const verify::CureOutcome& outcome, const std::string& bundle) {
    Section& section = document.section("Trial boot");
    for (const verify::TrialResult& trial : outcome.trials) {
        const verify::Verdict& verdict = trial.verdict;
        Card card{verdict.good() ? Tone::good : Tone::bad,
                  verdict.good() ? "started" : "did not start",
                  std::string(verify::outcome_name(verdict.outcome)) + ", " + verdict.id,
                  sentence(verdict.title),
                  {}};
        const auto line = [&](const char* name, const std::string& text) {
            if (!text.empty())
                card.lines.emplace_back(name, text);
        };
        line("tried", trial.tried);
        line("cause", verdict.cause);
        line("cure", verdict.cure);
        line("engine", trial.engine + (trial.why_engine.empty() ? "" : ": " + trial.why_engine));
        line("after", fmt::format("{:.0f} seconds", static_cast<double>(verdict.at.count()) / 1000));
        section.blocks.emplace_back(std::move(card));
    }
    const std::string& screenshot = outcome.last().screenshot;
    std::error_code ignored;
    if (const auto path = std::filesystem::path(bundle) / screenshot;
        !screenshot.empty() && std::filesystem::exists(path, ignored))
        section.blocks.emplace_back(
            Picture{"The last screen of the trial boot", patch::durable::read_text(path.string())});
}

/// Where "001" of "ControlSet001" stands; npos without it.
std::size_t control_set_at(const std::string& text) {
    constexpr std::string_view name = "\\ControlSet";
    const std::size_t at = text.find(name);
    return at == std::string::npos ? at : at + name.size();
}

/// The same change in several control sets is one row: "ControlSet001, 002\Services\atapi\Start".
void add_change(Table& table, std::vector<std::string> row) {
    constexpr std::size_t digits = 3;
    const std::size_t at = control_set_at(row[0]);
    if (at != std::string::npos && at + digits <= row[0].size())
        for (std::vector<std::string>& known : table.rows) {
            const std::size_t end = known[0].find('\\', at);
            if (control_set_at(known[0]) == at && end != std::string::npos && known[1] == row[1] &&
                known[2] == row[2] && known[0].compare(0, at, row[0], 0, at) == 0 &&
                known[0].compare(end, std::string::npos, row[0], at + digits) == 0) {
                known[0].insert(end, ", " + row[0].substr(at, digits));
                return;
            }
        }
    table.rows.push_back(std::move(row));
}

void add_changes(Document& document, const patch::Plan& plan) {
    Section& section = document.section("What was changed, and why");
    Table table{{"change", "values", "reason"}, {}};
    for (const patch::Action& action : plan.actions)
        add_change(table,
                   {patch::describe(action.change), patch::describe_values(action.change), action.reason});
    if (!table.rows.empty())
        section.blocks.emplace_back(std::move(table));
    for (const patch::Decision* decision : plan.open_decisions())
        section.blocks.emplace_back(Card{
            Tone::warning, "decide", decision->id, decision->question, {{"evidence", decision->evidence}}});
    for (const patch::MissingFile& file : plan.missing)
        section.blocks.emplace_back(Card{file.essential ? Tone::bad : Tone::warning,
                                         "missing",
                                         file.rule,
                                         file.name,
                                         {{"why", file.why}, {"where", file.where}}});
    List notes;
    for (const patch::Note& note : plan.notes)
        notes.items.push_back(note.text);
    if (!notes.items.empty())
        section.blocks.emplace_back(std::move(notes));
    List not_done;
    for (const patch::Action& action : plan.left_out)
        not_done.items.push_back(fmt::format("left out: {} ({})", patch::describe(action.change), action.id));
    for (const std::string& line : plan.not_done)
        not_done.items.push_back(line);
    if (!not_done.items.empty())
        document.section("What was not done").blocks.emplace_back(std::move(not_done));
}

void add_machine(Document& document, const bundle::DescribedMachine& described) {
    Section& section = document.section("The machine");
    Facts facts;
    facts.add("name", described.machine.name)
        .add("profile", described.machine.profile)
        .add("memory", fmt::format("{} MiB", described.machine.memory >> 20U))
        .add("processors", std::to_string(described.machine.cpus));
    for (const profiles::DiskSpec& disk : described.machine.disks)
        if (disk.geometry)
            facts.add(disk.path, fmt::format("{} cylinders, {} heads, {} sectors", disk.geometry->cylinders,
                                             disk.geometry->heads, disk.geometry->sectors));
    for (const profiles::NicSpec& nic : described.machine.nics)
        facts.add("network card",
                  fmt::format("{:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}, {}", nic.mac[0], nic.mac[1],
                              nic.mac[2], nic.mac[3], nic.mac[4], nic.mac[5], nic.backend));
    section.blocks.emplace_back(facts.table());
    if (!described.notes.empty())
        section.blocks.emplace_back(List{described.notes});
}

void add_check(Document& document, const check::Verdict& verdict) {
    Section& section = document.section("Boot chain, walked on the patched disks");
    std::size_t good = 0;
    for (const check::Link& link : verdict.links) {
        if (link.state == check::State::good) {
            ++good;
            continue;
        }
        section.blocks.emplace_back(Card{link.state == check::State::broken ? Tone::bad : Tone::note,
                                         std::string(check::state_name(link.state)),
                                         link.id,
                                         link.what,
                                         {{"screen", link.symptom}, {"remedy", link.remedy}}});
    }
    section.blocks.emplace_back(
        Paragraph{fmt::format("{} of {} links of the chain, from the first sector to the logon, are as they "
                              "have to be.",
                              good, verdict.links.size()),
                  good == verdict.links.size() ? Tone::good : Tone::plain});
}

} // namespace

Document conversion_document(const bundle::ConversionResult& result, const std::string& bundle,
                             bool with_inspection) {
    Document document;
    Document assessed = assessment_document(result.assessment, result.inspection, with_inspection);
    document.title = "Conversion of " + server_name(result);
    document.subtitle = assessed.title;
    document.section("Result").blocks.emplace_back(
        Paragraph{sentence(result.conclusion), result.exit_code == 0 ? Tone::good : Tone::bad});
    if (result.trial)
        add_trial(document, *result.trial, bundle);
    if (result.machine)
        add_machine(document, *result.machine);
    // What has to be done next stands before what was found and done.
    for (Section& section : assessed.sections)
        if (section.title == first_start_title)
            document.sections.push_back(std::exchange(section, {}));
    if (!result.losses.empty()) {
        List losses;
        for (const capture::Loss& loss : result.losses)
            losses.items.push_back(loss.describe());
        document.section("What could not be read").blocks.emplace_back(std::move(losses));
    }
    bool changes_told = false;
    const auto tell_changes = [&] {
        if (!std::exchange(changes_told, true)) {
            add_changes(document, result.plan);
            if (result.check)
                add_check(document, *result.check);
        }
    };
    for (Section& section : assessed.sections) {
        if (section.title == verdict_title) {
            section.title = "What the assessment said beforehand";
            section.blocks.insert(
                section.blocks.begin(),
                Paragraph{
                    "It looks at the server's disks alone. What was supplied for the conversion and what was "
                    "done about the findings stands under \"What was changed, and why\".",
                    Tone::plain});
        }
        if (section.title == failures_title)
            tell_changes(); // before the reference part: what a failed start means, and every fact of the
                            // disks
        document.sections.push_back(std::move(section));
    }
    tell_changes();
    return document;
}

json::object to_json(const bundle::ConversionResult& result) {
    json::object object{{"format", "ntferry.conversion-report"},
                        {"version", 1},
                        {"exit_code", result.exit_code},
                        {"conclusion", result.conclusion},
                        {"assessment", assess::to_json(result.assessment)},
                        {"plan", json::parse(patch::plan_json(result.plan))},
                        {"check", nullptr},
                        {"trials", json::array()}};
    if (result.check)
        object["check"] = json::parse(check::verdict_json(*result.check));
    if (result.trial)
        for (const verify::TrialResult& trial : result.trial->trials)
            object["trials"].as_array().push_back(verify::to_json(trial));
    json::array losses;
    for (const capture::Loss& loss : result.losses)
        losses.emplace_back(loss.describe());
    object["losses"] = std::move(losses);
    return object;
}

void write_conversion(const bundle::ConversionResult& result, const std::string& bundle) {
    const std::filesystem::path folder(bundle);
    write_report((folder / "report.html").string(), conversion_document(result, bundle, true));
    patch::durable::write((folder / "report.json").string(), json::serialize(to_json(result)) + "\n");
}

} // namespace ntferry::report
