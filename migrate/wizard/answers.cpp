// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/wizard/answers.hpp"

#include "converter/base/error.hpp"
#include "profiles/render_qemu.hpp"
#include "profiles/xml_file.hpp"

namespace ntferry::wizard {
namespace {

namespace json = boost::json;

constexpr std::size_t most_entries = 64;

std::vector<std::string> strings(const json::object& object, const char* name) {
    auto list = json::value_to<std::vector<std::string>>(object.at(name));
    if (list.size() > most_entries)
        throw std::invalid_argument(name);
    return list;
}

std::string string(const json::object& object, const char* name) {
    return json::value_to<std::string>(object.at(name));
}

} // namespace

void Answers::forget() {
    Answers empty;
    empty.profile = std::move(profile);
    *this = std::move(empty);
}

json::object to_json(const Answers& answers) {
    json::object decisions;
    for (const auto& [id, choice] : answers.decisions)
        decisions[id] = choice;
    json::object object{{"format", "ntferry.wizard-draft"},
                        {"version", 1},
                        {"profile", answers.profile},
                        {"sources", json::value_from(answers.sources)},
                        {"media", json::value_from(answers.media)},
                        {"decisions", std::move(decisions)},
                        {"network", answers.network},
                        {"memory", answers.memory},
                        {"bundle", answers.bundle},
                        {"begun", answers.begun}};
    if (answers.trial)
        object["trial"] = *answers.trial;
    return object;
}

Answers answers_from_json(const json::value& value, const std::string& name) {
    try {
        const json::object& object = value.as_object();
        if (string(object, "format") != "ntferry.wizard-draft" || object.at("version").to_number<int>() != 1)
            throw Error(name, "holds no answers of this version", "start anew");
        Answers answers;
        answers.profile = string(object, "profile");
        answers.sources = strings(object, "sources");
        answers.media = strings(object, "media");
        for (const auto& [id, choice] : object.at("decisions").as_object())
            answers.decisions[std::string(id)] = json::value_to<std::string>(choice);
        answers.network = string(object, "network");
        if (!answers.network.empty())
            bundle::parse_network(answers.network);
        answers.memory = object.at("memory").to_number<std::uint64_t>();
        answers.bundle = string(object, "bundle");
        answers.begun = object.at("begun").as_bool();
        if (const json::value* trial = object.if_contains("trial"))
            answers.trial = trial->as_bool();
        return answers;
    } catch (const Error&) {
        throw;
    } catch (const std::exception&) {
        throw Error(name, "holds no answers that can be read", "start anew");
    }
}

bundle::ConversionOptions conversion_options(const Answers& answers) {
    bundle::ConversionOptions options;
    options.sources = answers.sources;
    options.bundle = answers.bundle;
    options.profile = profiles::find_profile(answers.profile);
    for (const std::string& medium : answers.media)
        options.drivers.add(patch::open_medium(medium));
    options.overrides.decisions = answers.decisions;
    options.memory = answers.memory;
    if (!answers.network.empty())
        options.network = bundle::parse_network(answers.network);
    options.accept_findings = true; // the wizard shows every finding, and the summary has to be accepted
    options.boot = answers.trial.value_or(true);
    options.resume = answers.begun;
    return options;
}

std::string command_line(const Answers& answers) {
    std::vector<std::string> words = {"ntferry", "convert"};
    const auto add = [&](const char* option, const std::string& value) {
        words.emplace_back(option);
        words.push_back(value);
    };
    for (std::size_t i = 0; i < answers.sources.size(); ++i)
        if (i == 0)
            words.push_back(answers.sources[i]);
        else
            add("--disk", answers.sources[i]);
    add("-o", answers.bundle);
    if (answers.profile != "nt4")
        add("--profile", answers.profile);
    for (const std::string& medium : answers.media)
        add("--drivers", medium);
    for (const auto& [id, choice] : answers.decisions)
        add("--decide", id + "=" + choice);
    if (!answers.network.empty() && answers.network != "isolated")
        add("--network", answers.network);
    if (answers.memory != 0)
        add("--memory", profiles::format_size(answers.memory));
    if (answers.trial == false)
        words.emplace_back("--no-boot");
    words.emplace_back("--yes");
    return profiles::shell_line(words);
}

std::string examination_key(const Answers& answers) {
    json::object key = to_json(answers);
    return json::serialize(json::array{key["profile"], key["sources"], key["media"], key["decisions"]});
}

} // namespace ntferry::wizard
