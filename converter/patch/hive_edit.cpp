// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/patch/hive_edit.hpp"

#include "converter/base/text.hpp"
#include "converter/registry/editor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace ntferry::patch {
namespace {

/// NT's own limit for SOFTWARE is the registry quota, not the loader: only insane growth is refused.
constexpr std::size_t software_hive_refuse = std::size_t{96} << 20U;

bool concerns(const Action& action, HiveId hive) {
    const auto* set = std::get_if<SetValue>(&action.change);
    const auto* removed = std::get_if<DeleteValue>(&action.change);
    return (set != nullptr && set->hive == hive) || (removed != nullptr && removed->hive == hive);
}

std::string value_id(const std::string& key, const std::string& name) {
    return text::to_lower(key) + "\\\n" + text::to_lower(name);
}

void require_old(const Action& action, const registry::Hive& hive, const std::string& key,
                 const std::string& name, const std::optional<registry::Value>& old) {
    const auto now = hive.value(key, name);
    if (now != old)
        not_what_was_planned(action, fmt::format("the value is {}", now ? now->describe() : "not there"));
}

} // namespace

void not_what_was_planned(const Action& action, const std::string& seen) {
    throw Error(describe(action.change), fmt::format("the disk is not what the plan was made for: {}", seen),
                "make the plan again");
}

bool changes_hive(const Plan& plan, HiveId hive) {
    return std::any_of(plan.actions.begin(), plan.actions.end(),
                       [&](const Action& action) { return concerns(action, hive); });
}

Bytes edit_hive(const Plan& plan, HiveId hive, Bytes image,
                const std::function<void(std::string_view)>& step) {
    registry::HiveEditor editor(std::move(image), std::string(hive_name(hive)),
                                hive == HiveId::system ? registry::system_hive_refuse : software_hive_refuse);
    std::set<std::string> seen;
    for (const Action& action : plan.actions) {
        if (!concerns(action, hive))
            continue;
        if (step)
            step(action.id);
        if (const auto* set = std::get_if<SetValue>(&action.change)) {
            if (seen.insert(value_id(set->key, set->name)).second)
                require_old(action, editor.hive(), set->key, set->name, set->old);
            editor.add_key(set->key);
            editor.set(set->key, set->name, set->value);
        } else if (const auto* removed = std::get_if<DeleteValue>(&action.change)) {
            if (seen.insert(value_id(removed->key, removed->name)).second)
                require_old(action, editor.hive(), removed->key, removed->name, removed->old);
            editor.delete_value(removed->key, removed->name);
        }
    }
    return editor.commit();
}

} // namespace ntferry::patch
