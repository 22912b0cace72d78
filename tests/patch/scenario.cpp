// A lookalike server in a bundle.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/patch/scenario.hpp"

#include "converter/base/text.hpp"
#include "converter/block/open.hpp"
#include "converter/patch/value_xml.hpp"
#include "tests/support/bundle.hpp"
#include "tests/support/lookalike.hpp"

namespace ntferry::test {

Scenario::Scenario(const std::string& variant, bool agent)
    : workspace_(patch::find_workspace(make_bundle(variant, dir_ / "bundle", agent))) {}

std::unique_ptr<patch::Subject> Scenario::subject(bool patched) const {
    std::vector<block::SharedBlockDevice> disks;
    for (std::size_t i = 0; i < workspace_.disks.size(); ++i)
        disks.emplace_back(block::open_disk(patched ? workspace_.current(i) : workspace_.disks[i].base));
    return std::make_unique<patch::Subject>(std::move(disks), workspace_.name);
}

patch::Plan Scenario::plan() const {
    patch::DriverSource drivers;
    for (const std::string& name : media)
        drivers.add(patch::open_medium(lookalike_media() + "/" + name));
    const auto opened = subject();
    return patch::make_plan(*opened, profiles::find_profile(profile), drivers, overrides);
}

patch::ApplyResult Scenario::patch() const {
    SilentProgress progress;
    return patch::apply(plan(), workspace_, {}, progress);
}

namespace {

const patch::SetValue* planned(const patch::Plan& plan, const std::string& key, const std::string& name) {
    for (const patch::Action& action : plan.actions)
        if (const auto* set = std::get_if<patch::SetValue>(&action.change))
            if (text::iequals(set->key, key) && text::iequals(set->name, name))
                return set;
    return nullptr;
}

} // namespace

long planned_dword(const patch::Plan& plan, const std::string& key, const std::string& name) {
    const patch::SetValue* set = planned(plan, key, name);
    const auto number = set != nullptr ? set->value.as_dword() : std::nullopt;
    return number ? static_cast<long>(*number) : -1;
}

std::string planned_text(const patch::Plan& plan, const std::string& key, const std::string& name) {
    const patch::SetValue* set = planned(plan, key, name);
    return set != nullptr ? patch::value_text(set->value) : "";
}

const patch::WriteFile* planned_file(const patch::Plan& plan, const std::string& path) {
    for (const patch::Action& action : plan.actions)
        if (const auto* file = std::get_if<patch::WriteFile>(&action.change))
            if (text::iequals(file->path, path))
                return file;
    return nullptr;
}

bool has_note(const patch::Plan& plan, const std::string& part) {
    for (const patch::Note& note : plan.notes)
        if (text::icontains(note.text, part))
            return true;
    return false;
}

} // namespace ntferry::test
