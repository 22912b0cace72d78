// The rules of a profile over what is on the disks.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/patch/planner.hpp"

#include "converter/base/text.hpp"
#include "converter/patch/rules/rules.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ntferry::patch {
namespace {

constexpr std::string_view current_set_prefix = "CurrentControlSet\\";

bool fits(const Rule& rule, const std::string& family) {
    for (const std::string_view known : text::split(rule.families, ' '))
        if (known == family)
            return true;
    return false;
}

/// What the family of the profile and the version on the disk say about each other.
std::string family_of(const Product& product) {
    if (product.version == "4.0")
        return "nt4";
    if (product.version.starts_with("3."))
        return "nt351";
    return "win2000";
}

class Planner {
  public:
    Planner(Subject& subject, const profiles::Profile& profile, const DriverSource& drivers,
            const Overrides& overrides)
        : subject_(subject), profile_(profile), overrides_(overrides), drivers_(drivers) {
        plan_.source = subject.name();
        plan_.profile = profile.name;
        plan_.family = profile.patch.family;
    }

    Plan run() {
        if (!subject_.has_nt()) {
            plan_.installation = "no Windows NT system found";
            plan_.not_done.push_back(fmt::format("nothing was changed: {}", subject_.problem()));
            if (!overrides_.own.empty())
                throw Error(plan_.source, "own actions need a Windows NT system, and none was found",
                            subject_.problem(), ErrorKind::unsupported);
            return std::move(plan_);
        }
        plan_.system = subject_.system();
        plan_.installation = fmt::format("{}, {}, {}", subject_.product().title(),
                                         subject_.product().computer_name, subject_.system().root);
        drivers_.add(installed_medium(subject_.files(), subject_.system().root,
                                      subject_.product().service_pack, subject_.product().terminal_server));
        RuleContext context(subject_, profile_, drivers_, overrides_, plan_);
        ask_about_family(context);
        ask_about_dirty_volumes(context);
        for (const Rule& rule : all_rules())
            run_rule(context, rule);
        context.begin("own");
        for (const Action& own : overrides_.own)
            add_own(context, own);
        leave_out();
        return std::move(plan_);
    }

  private:
    void ask_about_family(RuleContext& context) {
        const std::string found = family_of(subject_.product());
        if (profile_.patch.family == "none" || profile_.patch.family.empty() ||
            found == profile_.patch.family)
            return;
        context.begin("plan");
        context.decide(
            "family",
            fmt::format("the profile {} is for another system than the one on the disk", profile_.name),
            fmt::format("CurrentVersion is {}", subject_.product().version),
            {{"as-profile", "patch it by the profile's rules all the same"}});
    }

    void ask_about_dirty_volumes(RuleContext& context) {
        const auto dirty = subject_.dirty_volumes();
        if (dirty.empty())
            return;
        context.begin("plan");
        context.decide(
            "dirty",
            fmt::format("a volume that would be written was not cleanly dismounted: {}", dirty.front()),
            "NT would replay its old log over the changes; with the log emptied autochk repairs the rest at "
            "the first start",
            {{"empty-log", "empty the NTFS log in the overlay and write; the capture keeps it"}});
    }

    void run_rule(RuleContext& context, const Rule& rule) {
        const std::string& family = profile_.patch.family;
        const auto& wanted = profile_.patch.rules;
        const bool listed = std::find(wanted.begin(), wanted.end(), rule.name) != wanted.end();
        const bool off = context.setting(std::string(rule.name), "on") == "off";
        // A rule of the same name may fit where this one does not.
        const bool covered = std::any_of(all_rules().begin(), all_rules().end(), [&](const Rule& other) {
            return &other != &rule && other.name == rule.name && fits(other, family);
        });
        if (covered && !fits(rule, family))
            return;
        if (off || !fits(rule, family) || !(rule.always || listed)) {
            plan_.not_done.push_back(fmt::format("{}: {} ({})", rule.name, rule.what,
                                                 off                  ? "switched off by a setting"
                                                 : fits(rule, family) ? "the profile does not ask for it"
                                                                      : "no rule for this kind of system"));
            return;
        }
        context.begin(std::string(rule.name));
        rule.run(context);
    }

    /// Keys below CurrentControlSet mean every control set that can be booted.
    std::vector<std::string> real_keys(const std::string& key) const {
        if (!text::istarts_with(key, current_set_prefix))
            return {key};
        std::vector<std::string> keys;
        for (const unsigned set : subject_.control_sets())
            keys.push_back(Subject::control_set_key(set) + "\\" + key.substr(current_set_prefix.size()));
        return keys;
    }

    std::string expand_root(const std::string& path) const {
        constexpr std::string_view variable = "%SystemRoot%";
        return text::istarts_with(path, variable) ? subject_.system().root + path.substr(variable.size())
                                                  : path;
    }

    VolumeRef default_volume(const VolumeRef& ref) const {
        return ref.start == 0 ? subject_.system().volume : ref;
    }

    void add_own(RuleContext& context, const Action& own) {
        const Because because{own.reason, own.evidence};
        const std::string id = own.id.empty() ? fmt::format("own.{}", plan_.actions.size() + 1) : own.id;
        if (const auto* set = std::get_if<SetValue>(&own.change)) {
            for (const std::string& key : real_keys(set->key))
                context.set(set->hive, id, key, set->name, set->value, because);
        } else if (const auto* removed = std::get_if<DeleteValue>(&own.change)) {
            for (const std::string& key : real_keys(removed->key))
                context.remove(removed->hive, id, key, removed->name, because);
        } else if (const auto* file = std::get_if<WriteFile>(&own.change)) {
            WriteFile copy = *file;
            copy.volume = default_volume(file->volume);
            copy.path = expand_root(file->path);
            context.write_file(id, std::move(copy), because);
        } else if (const auto* copied = std::get_if<CopyFile>(&own.change)) {
            context.add(
                id,
                CopyFile{default_volume(copied->volume), expand_root(copied->from), expand_root(copied->to)},
                because);
        } else if (const auto* renamed = std::get_if<RenameFile>(&own.change)) {
            context.add(id,
                        RenameFile{default_volume(renamed->volume), expand_root(renamed->from),
                                   expand_root(renamed->to)},
                        because);
        } else {
            context.add(id, own.change, because);
        }
    }

    void leave_out() {
        for (const std::string& pattern : overrides_.leave_out) {
            std::vector<Action> kept;
            bool any = false;
            for (Action& action : plan_.actions) {
                const bool out = text::wildcard_match(pattern, action.id);
                any = any || out;
                (out ? plan_.left_out : kept).push_back(std::move(action));
            }
            plan_.actions = std::move(kept);
            const auto missing =
                std::remove_if(plan_.missing.begin(), plan_.missing.end(), [&](const MissingFile& file) {
                    return text::wildcard_match(pattern, fmt::format("{}.file.{}", file.rule, file.name));
                });
            any = any || missing != plan_.missing.end();
            plan_.missing.erase(missing, plan_.missing.end());
            if (!any)
                throw Error(plan_.source, fmt::format("no action has the id '{}'", pattern),
                            "'ntferry plan' shows the ids", ErrorKind::usage);
        }
    }

    Subject& subject_;
    const profiles::Profile& profile_;
    const Overrides& overrides_;
    DriverSource drivers_;
    Plan plan_;
};

} // namespace

Plan make_plan(Subject& subject, const profiles::Profile& profile, const DriverSource& drivers,
               const Overrides& overrides) {
    return Planner(subject, profile, drivers, overrides).run();
}

} // namespace ntferry::patch
