// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/registry/diff.hpp"

#include "converter/base/text.hpp"

#include <fmt/format.h>

#include <map>

namespace ntferry::registry {
namespace {

using Values = std::map<std::string, std::pair<std::string, Value>>; // lower-case name -> name, value

std::map<std::string, std::string> keys_of(const Hive& hive) {
    std::map<std::string, std::string> keys;
    hive.walk([&keys](const std::string& path, const Key&) {
        keys.emplace(text::to_lower(path), path);
        return true;
    });
    return keys;
}

Values values_of(const Hive& hive, const std::string& path) {
    Values values;
    if (const std::optional<Key> key = hive.find(path))
        for (auto& [name, value] : key->values())
            values.emplace(text::to_lower(name), std::pair(name, std::move(value)));
    return values;
}

void compare_values(const std::string& path, const Values& before, const Values& after,
                    std::vector<HiveChange>& changes) {
    for (const auto& [lower, named] : before) {
        const auto other = after.find(lower);
        if (other == after.end())
            changes.push_back({path, named.first, named.second, std::nullopt});
        else if (other->second.second != named.second)
            changes.push_back({path, named.first, named.second, other->second.second});
    }
    for (const auto& [lower, named] : after)
        if (!before.contains(lower))
            changes.push_back({path, named.first, std::nullopt, named.second});
}

} // namespace

std::string HiveChange::describe() const {
    const std::string path = text::printable(key);
    if (!value)
        return fmt::format("{} {}", key_added ? "+" : "-", path);
    return fmt::format("{}\\{}: {} -> {}", path, value->empty() ? "(default)" : text::printable(*value),
                       before ? before->describe() : "absent", after ? after->describe() : "absent");
}

std::vector<HiveChange> diff_hives(const Hive& before, const Hive& after) {
    const std::map<std::string, std::string> old_keys = keys_of(before);
    const std::map<std::string, std::string> new_keys = keys_of(after);
    std::map<std::string, std::string> all = old_keys;
    all.insert(new_keys.begin(), new_keys.end());
    std::vector<HiveChange> changes;
    for (const auto& [lower, path] : all) {
        const bool was = old_keys.contains(lower);
        const bool is = new_keys.contains(lower);
        if (was != is) {
            HiveChange change;
            change.key = path;
            change.key_added = is;
            change.key_removed = was;
            changes.push_back(std::move(change));
        }
        compare_values(path, was ? values_of(before, path) : Values{}, is ? values_of(after, path) : Values{},
                       changes);
    }
    return changes;
}

} // namespace ntferry::registry
