// Plans as JSON.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/patch/plan.hpp"
#include "converter/patch/value_xml.hpp"

#include "converter/base/text.hpp"

#include <boost/json.hpp>

namespace ntferry::patch {
namespace {

namespace json = boost::json;

json::object value_object(const registry::Value& value) {
    json::object object;
    object["type"] = value_type_word(value.type);
    if (value.type == registry::ValueType::multi_sz) {
        json::array strings;
        for (const std::string& string : value.as_strings())
            strings.push_back(json::string(text::printable(string, 65536)));
        object["value"] = std::move(strings);
    } else if (const auto number = value.as_dword()) {
        object["value"] = *number;
    } else {
        object["value"] = text::printable(value_text(value), 1U << 20U);
    }
    return object;
}

json::value optional_value(const std::optional<registry::Value>& value) {
    return value ? json::value(value_object(*value)) : json::value(nullptr);
}

json::object change_object(const Change& change) {
    json::object object;
    object["kind"] = std::string(change_name(change));
    if (const auto* set = std::get_if<SetValue>(&change)) {
        object["hive"] = std::string(hive_name(set->hive));
        object["key"] = set->key;
        object["name"] = set->name;
        object["new"] = value_object(set->value);
        object["old"] = optional_value(set->old);
    } else if (const auto* removed = std::get_if<DeleteValue>(&change)) {
        object["hive"] = std::string(hive_name(removed->hive));
        object["key"] = removed->key;
        object["name"] = removed->name;
        object["old"] = optional_value(removed->old);
    } else if (const auto* file = std::get_if<WriteFile>(&change)) {
        object["disk"] = file->volume.disk;
        object["start"] = file->volume.start;
        object["path"] = file->path;
        object["size"] = file->content.size();
        object["sha256"] = file->sha256();
        object["origin"] = file->origin;
        if (file->old)
            object["old"] = json::object{{"size", file->old->size}, {"sha256", file->old->sha256}};
        else
            object["old"] = nullptr;
        if (file->text)
            object["text"] = text::printable(std::string(file->content.begin(), file->content.end()), 65536);
    } else if (const auto* copied = std::get_if<CopyFile>(&change)) {
        object["disk"] = copied->volume.disk;
        object["from"] = copied->from;
        object["to"] = copied->to;
    } else if (const auto* renamed = std::get_if<RenameFile>(&change)) {
        object["disk"] = renamed->volume.disk;
        object["from"] = renamed->from;
        object["to"] = renamed->to;
    } else if (const auto* bytes = std::get_if<SetBytes>(&change)) {
        object["disk"] = bytes->disk;
        object["offset"] = bytes->offset;
        object["what"] = bytes->what;
        object["new"] = to_hex(bytes->value);
        object["old"] = to_hex(bytes->old);
    }
    return object;
}

json::array actions_array(const std::vector<Action>& actions) {
    json::array array;
    for (const Action& action : actions)
        array.push_back(json::object{{"id", action.id},
                                     {"rule", action.rule},
                                     {"reason", action.reason},
                                     {"evidence", action.evidence},
                                     {"change", change_object(action.change)}});
    return array;
}

} // namespace

std::string plan_json(const Plan& plan) {
    json::object root;
    root["schema"] = 1;
    root["source"] = plan.source;
    root["profile"] = plan.profile;
    root["family"] = plan.family;
    root["installation"] = plan.installation;
    root["applicable"] = plan.applicable();
    root["actions"] = actions_array(plan.actions);
    root["left_out"] = actions_array(plan.left_out);
    json::array decisions;
    for (const Decision& decision : plan.decisions) {
        json::array choices;
        for (const Choice& choice : decision.choices)
            choices.push_back(json::object{{"name", choice.name}, {"what", choice.what}});
        decisions.push_back(json::object{{"id", decision.id},
                                         {"question", decision.question},
                                         {"evidence", decision.evidence},
                                         {"chosen", decision.chosen},
                                         {"choices", std::move(choices)}});
    }
    root["decisions"] = std::move(decisions);
    json::array missing;
    for (const MissingFile& file : plan.missing) {
        json::array rejected;
        for (const std::string& copy : file.rejected)
            rejected.push_back(json::string(copy));
        missing.push_back(json::object{{"name", file.name},
                                       {"rule", file.rule},
                                       {"why", file.why},
                                       {"where", file.where},
                                       {"essential", file.essential},
                                       {"rejected", std::move(rejected)}});
    }
    root["missing_files"] = std::move(missing);
    json::array notes;
    for (const Note& note : plan.notes)
        notes.push_back(json::object{{"rule", note.rule}, {"text", note.text}});
    root["notes"] = std::move(notes);
    json::array not_done;
    for (const std::string& text : plan.not_done)
        not_done.push_back(json::string(text));
    root["not_done"] = std::move(not_done);
    return json::serialize(root);
}

} // namespace ntferry::patch
