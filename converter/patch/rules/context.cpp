// What rules share.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/patch/rules/context.hpp"

#include "converter/base/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ntferry::patch {
namespace {

std::string value_place(const std::string& key, const std::string& name) {
    return text::to_lower(key) + "\n" + text::to_lower(name);
}

std::string file_place(const VolumeRef& volume, const std::string& path) {
    return fmt::format("{}:{}:{}", volume.disk, volume.start, text::to_lower(path));
}

} // namespace

RuleContext::RuleContext(Subject& subject, const profiles::Profile& profile, const DriverSource& drivers,
                         const Overrides& overrides, const nt::VendorTable& vendors, Plan& plan)
    : subject_(subject), profile_(profile), drivers_(drivers), overrides_(overrides), vendors_(vendors),
      plan_(plan) {}

std::string RuleContext::setting(const std::string& name, const std::string& otherwise) const {
    if (const auto own = overrides_.settings.find(name); own != overrides_.settings.end())
        return own->second;
    const auto& defaults = profile_.patch.settings;
    const auto found = defaults.find(name);
    return found != defaults.end() ? found->second : otherwise;
}

std::optional<registry::Value> RuleContext::value(HiveId hive, const std::string& key,
                                                  const std::string& name) const {
    const auto planned = planned_.find({hive, value_place(key, name)});
    if (planned != planned_.end())
        return planned->second;
    return subject_.hive(hive).value(key, name);
}

std::optional<std::uint32_t> RuleContext::dword(const std::string& key, const std::string& name) const {
    const auto found = value(HiveId::system, key, name);
    return found ? found->as_dword() : std::nullopt;
}

std::vector<std::string> RuleContext::strings(const std::string& key, const std::string& name) const {
    const auto found = value(HiveId::system, key, name);
    return found ? found->as_strings() : std::vector<std::string>();
}

std::optional<std::string> RuleContext::string(HiveId hive, const std::string& key,
                                               const std::string& name) const {
    const auto found = value(hive, key, name);
    return found ? found->as_string() : std::nullopt;
}

bool RuleContext::has_key(HiveId hive, const std::string& key) const {
    return planned_keys_.contains({hive, text::to_lower(key)}) || subject_.hive(hive).find(key).has_value();
}

std::vector<std::string> RuleContext::subkeys(HiveId hive, const std::string& key) const {
    std::vector<std::string> names;
    if (const auto found = subject_.hive(hive).find(key))
        for (const registry::Key& child : found->children())
            names.push_back(child.name());
    return names;
}

void RuleContext::add(const std::string& id, Change change, const Because& because) {
    std::string unique = id;
    for (unsigned copy = 2; !ids_.insert(unique).second; ++copy)
        unique = fmt::format("{}.{}", id, copy);
    plan_.actions.push_back({unique, rule_, because.reason, because.evidence, std::move(change)});
}

void RuleContext::set(HiveId hive, const std::string& id, const std::string& key, const std::string& name,
                      const registry::Value& value, const Because& because) {
    const auto old = this->value(hive, key, name);
    if (old == value)
        return;
    const std::pair<HiveId, std::string> place{hive, value_place(key, name)};
    if (planned_.contains(place)) {
        // One action per value: the later rule's word counts, the old value stays the disk's.
        for (Action& action : plan_.actions)
            if (auto* earlier = std::get_if<SetValue>(&action.change);
                earlier != nullptr && earlier->hive == hive && text::iequals(earlier->key, key) &&
                text::iequals(earlier->name, name)) {
                earlier->value = value;
                action.reason = because.reason;
                action.evidence = because.evidence;
                planned_[place] = value;
                return;
            }
    }
    add(id, SetValue{hive, key, name, value, old}, because);
    planned_[place] = value;
    for (std::string parent = text::to_lower(key);;) {
        planned_keys_.insert({hive, parent});
        const std::size_t cut = parent.rfind('\\');
        if (cut == std::string::npos)
            break;
        parent.resize(cut);
    }
}

void RuleContext::set_dword(const std::string& id, const std::string& key, const std::string& name,
                            std::uint32_t number, const Because& because) {
    set(HiveId::system, id, key, name, registry::Value::dword(number), because);
}

void RuleContext::remove(HiveId hive, const std::string& id, const std::string& key, const std::string& name,
                         const Because& because) {
    const auto old = value(hive, key, name);
    const std::pair<HiveId, std::string> place{hive, value_place(key, name)};
    if (!old || planned_.contains(place))
        return;
    add(id, DeleteValue{hive, key, name, old}, because);
    planned_[place] = std::nullopt;
}

const std::vector<nt::Service>& RuleContext::services(unsigned set) {
    const auto [at, fresh] = services_.try_emplace(set);
    if (fresh)
        at->second = nt::read_services(subject_.hive(HiveId::system), Subject::control_set_key(set));
    return at->second;
}

std::optional<nt::Service> RuleContext::service(unsigned set, std::string_view name) {
    for (const nt::Service& view : services(set))
        if (text::iequals(view.name, name))
            return view;
    return std::nullopt;
}

std::string RuleContext::service_key(unsigned set, std::string_view name) {
    return fmt::format("{}\\Services\\{}", Subject::control_set_key(set), name);
}

void RuleContext::set_start(unsigned set, const std::string& service, std::uint32_t start,
                            const Because& because) {
    set_dword(fmt::format("{}.{}.start.{}", rule_, text::to_lower(service), set), service_key(set, service),
              "Start", start, because);
}

void RuleContext::disable(unsigned set, const std::string& service, const Because& because) {
    if (dword(service_key(set, service), "Start").value_or(4) < 4)
        set_start(set, service, 4, because);
}

std::optional<Bytes> RuleContext::file(const VolumeRef& volume, const std::string& path) {
    const auto planned = planned_files_.find(file_place(volume, path));
    if (planned != planned_files_.end())
        return std::get<WriteFile>(plan_.actions[planned->second].change).content;
    volume::FileSystem& files = subject_.volumes().files(volume);
    const auto found = files.lookup(path);
    if (!found || found->is_directory())
        return std::nullopt;
    return files.read_file(path);
}

void RuleContext::write_file(const std::string& id, WriteFile file, const Because& because) {
    const std::string place = file_place(file.volume, file.path);
    if (const auto found = subject_.volumes().files(file.volume).lookup(file.path)) {
        const Bytes old = subject_.volumes().files(file.volume).read_file(file.path);
        if (old == file.content)
            return;
        file.old = OldFile{found->size, sha256_hex(old)};
        if (file.text)
            file.old_text = std::string(old.begin(), old.end());
    }
    add(id, std::move(file), because);
    planned_files_[place] = plan_.actions.size() - 1;
}

bool RuleContext::need_file(const FileNeed& need) {
    const VolumeRef volume = subject_.system().volume;
    const bool image = !text::to_lower(need.name).ends_with(".com");
    std::vector<std::string> rejected;
    if (const auto present = file(volume, need.target)) {
        const std::string problem = image ? native_image_problem(image_facts(*present, need.target)) : "";
        if (problem.empty())
            return true;
        rejected.push_back(fmt::format("{}: {}", need.target, problem));
    }
    const Product& product = subject_.product();
    FoundDriver found = drivers_.find(need.name, {product.service_pack, product.terminal_server, need.exact,
                                                  need.version, product.version});
    rejected.insert(rejected.end(), found.rejected.begin(), found.rejected.end());
    if (found.copy) {
        const auto unresolved = modules().unresolved(found.copy->facts);
        // A HAL or kernel is judged together with its partner, by the rule that takes it.
        if (!need.exact && !unresolved.empty()) {
            rejected.push_back(fmt::format("{}: needs {}", found.copy->origin, unresolved.front()));
            found.copy.reset();
        }
    }
    if (!found.copy) {
        plan_.missing.push_back({need.name, rule_, need.why, where_to_find(need.name, product.version),
                                 std::move(rejected), need.essential});
        return false;
    }
    WriteFile write;
    write.volume = volume;
    write.path = need.target;
    write.content = std::move(found.copy->content);
    write.origin = found.copy->origin;
    const std::string_view target_name = text::file_name(need.target);
    write_file(fmt::format("{}.file.{}", rule_, text::to_lower(target_name)), std::move(write),
               {need.why, rejected.empty() ? need.target + " is not there" : rejected.front()});
    return true;
}

std::optional<std::string> RuleContext::decide(const std::string& id, const std::string& question,
                                               const std::string& evidence,
                                               const std::vector<Choice>& choices) {
    for (const Decision& known : plan_.decisions)
        if (known.id == id)
            return known.chosen.empty() ? std::nullopt : std::optional(known.chosen);
    Decision decision{id, question, evidence, choices, {}};
    if (const auto made = overrides_.decisions.find(id); made != overrides_.decisions.end()) {
        const bool known = std::any_of(choices.begin(), choices.end(),
                                       [&](const Choice& choice) { return choice.name == made->second; });
        if (!known) {
            std::vector<std::string> names;
            for (const Choice& choice : choices)
                names.push_back(choice.name);
            throw Error(
                fmt::format("decision {}", id), fmt::format("'{}' is not one of its choices", made->second),
                names.empty() ? "there is nothing to choose" : fmt::format("use {}", fmt::join(names, ", ")),
                ErrorKind::usage);
        }
        decision.chosen = made->second;
    }
    plan_.decisions.push_back(decision);
    return decision.chosen.empty() ? std::nullopt : std::optional(decision.chosen);
}

void RuleContext::note(const std::string& text) {
    plan_.notes.push_back({rule_, text});
}

void RuleContext::not_done(const std::string& text) {
    plan_.not_done.push_back(text);
}

ModuleSet RuleContext::modules() {
    return ModuleSet([this](const std::string& name) -> std::optional<Bytes> {
        const VolumeRef volume = subject_.system().volume;
        std::string file_name = name;
        if (name == "ntoskrnl.exe")
            file_name = kernel_file;
        else if (name == "hal.dll")
            file_name = hal_file;
        else if (auto driver = file(volume, subject_.system32("drivers\\" + name)))
            return driver;
        return file(volume, subject_.system32(file_name));
    });
}

} // namespace ntferry::patch
